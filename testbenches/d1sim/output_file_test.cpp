// A file is there whole, or as it was.

#include "testbenches/d1sim/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>

#include "models/parameter/error.hpp"

namespace d1 {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class output : public testing::Test {
  protected:
    output() {
        std::string name = testing::TempDir() + "output_file_test.XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~output() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    void put(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
    std::string get(const fs::path& name) const {
        std::ostringstream text;
        text << std::ifstream(folder_ / name).rdbuf();
        return text.str();
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder_)) all.push_back(entry.path().filename().string());
        std::sort(all.begin(), all.end());
        return all;
    }

    fs::path folder_;
};

std::string refusal(const fs::path& target) {
    try {
        const output_file file(target);
    } catch (const input_error& e) {
        return e.what();
    }
    return "(accepted)";
}

std::string refusal_to_write(output_file& file, const std::string& text) {
    try {
        file.write(text);
    } catch (const input_error& e) {
        return e.what();
    }
    return "(written)";
}

TEST_F(output, appears_whole_and_only_when_written) {
    {
        output_file file(folder_ / "a.json");
        EXPECT_THAT(names(), IsEmpty()) << "a process that is killed now leaves nothing";
        file.write("one\n");
        EXPECT_THAT(names(), ElementsAre("a.json"));
    }
    EXPECT_THAT(names(), ElementsAre("a.json"));
    EXPECT_EQ(get("a.json"), "one\n");
}

TEST_F(output, leaves_nothing_behind_if_an_exception_comes_before_it_is_written) {
    try {
        const output_file file(folder_ / "a.json");
        throw std::runtime_error("the run failed");
    } catch (const std::runtime_error&) {
    }
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(output, replaces_an_existing_file_only_at_the_end) {
    put("a.json", "old, and longer than the new one");
    const fs::path path = folder_ / "a.json";
    { const output_file unused(path); }
    EXPECT_EQ(get("a.json"), "old, and longer than the new one");
    std::ifstream reader(path);  // whoever has it open keeps the old content
    output_file file(path);
    file.write("new");
    EXPECT_EQ(get("a.json"), "new");
    std::ostringstream kept;
    kept << reader.rdbuf();
    EXPECT_EQ(kept.str(), "old, and longer than the new one");
}

TEST_F(output, keeps_the_permissions_of_an_existing_file) {
    put("a.json", "old");
    ASSERT_EQ(::chmod((folder_ / "a.json").c_str(), 0640), 0);
    output_file(folder_ / "a.json").write("new");
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / "a.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST_F(output, follows_symbolic_links) {
    fs::create_directory(folder_ / "deep");
    put("deep/real", "old");
    fs::create_symlink("deep/real", folder_ / "one");
    fs::create_symlink("one", folder_ / "two");
    output_file(folder_ / "two").write("new");
    EXPECT_TRUE(fs::is_symlink(folder_ / "two"));
    EXPECT_EQ(get("deep/real"), "new");
    fs::create_symlink("deep/to_come", folder_ / "dangling");
    output_file(folder_ / "dangling").write("made");
    EXPECT_EQ(get("deep/to_come"), "made");
    EXPECT_THAT(names(), ElementsAre("dangling", "deep", "one", "two"));
}

TEST_F(output, holds_any_number_of_bytes) {
    const std::string large(3'000'017, 'x');
    output_file(folder_ / "large").write(large);
    EXPECT_EQ(get("large"), large);
    output_file(folder_ / "empty").write("");
    EXPECT_EQ(get("empty"), "");
}

TEST_F(output, a_stale_temporary_file_is_no_obstacle) {
    put("a.json." + std::to_string(::getpid()) + ".part", "of a process that was killed");
    output_file(folder_ / "a.json").write("new");
    EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(output, refuses_what_cannot_be_written_before_the_run) {
    EXPECT_THAT(refusal(folder_),
                AllOf(HasSubstr("cannot write"), HasSubstr(folder_.string()), HasSubstr("directory")));
    EXPECT_THAT(refusal(folder_ / ""), HasSubstr("Is a directory"));
    EXPECT_THAT(refusal(""), HasSubstr("cannot write ''"));
    EXPECT_THAT(refusal(folder_ / "no folder" / "a.json"), HasSubstr("No such file or directory"));
    put("a.csv", "");
    EXPECT_THAT(refusal(folder_ / "a.csv" / "a.json"), HasSubstr("Not a directory"));
    EXPECT_THAT(refusal(folder_ / std::string(300, 'x')), HasSubstr("File name too long"));
    fs::create_symlink("loop", folder_ / "loop");
    EXPECT_THAT(refusal(folder_ / "loop"), HasSubstr("Too many levels of symbolic links"));
    EXPECT_THAT(refusal("/proc/a.json"), HasSubstr("cannot write '/proc/a.json'"));  // holds for root too
    EXPECT_THAT(names(), ElementsAre("a.csv", "loop"));
}

TEST_F(output, refuses_a_file_and_a_folder_without_permission) {
    put("a.json", "old");
    ASSERT_EQ(::chmod((folder_ / "a.json").c_str(), 0444), 0);
    ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {  // root may write everywhere, so the child becomes somebody else
        std::string said = "cannot change the user";
        if (::geteuid() != 0 || ::setuid(65534) == 0) {
            said = refusal(folder_ / "a.json") + "\n" + refusal(folder_ / "b.json");
        }
        const bool sent = ::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
        ::_exit(sent ? 0 : 1);
    }
    ::close(ends[1]);
    std::array<char, 1000> said{};
    ASSERT_GT(::read(ends[0], said.data(), said.size() - 1), 0);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    EXPECT_THAT(said.data(), AllOf(HasSubstr("a.json': Permission denied"), HasSubstr("b.json': Permission denied")));
    EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(output, a_disk_that_fills_up_leaves_the_old_file) {
    put("a.json", "old");
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    output_file file(folder_ / "a.json");
    const std::string why = refusal_to_write(file, std::string(1001, 'x'));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_THAT(why, AllOf(HasSubstr("a.json"), HasSubstr("File too large"), HasSubstr("make room")));
    EXPECT_THAT(names(), ElementsAre("a.json"));
    EXPECT_EQ(get("a.json"), "old");
}

TEST_F(output, a_target_that_becomes_a_directory_meanwhile_is_refused) {
    output_file file(folder_ / "a.json");
    fs::create_directory(folder_ / "a.json");
    EXPECT_THAT(refusal_to_write(file, "text"), HasSubstr("Is a directory"));
    EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(output, a_device_is_written_as_it_is) {
    output_file("/dev/null").write("text");
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    output_file full("/dev/full");
    EXPECT_THAT(refusal_to_write(full, "text"), AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(output, a_named_pipe_is_written_as_it_is) {
    const fs::path pipe = folder_ / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    auto reader = std::async(std::launch::async, [&] { return get("pipe"); });
    const std::string large(200'000, 'x');  // more than a pipe holds
    output_file(pipe).write(large);
    EXPECT_EQ(reader.get(), large);
    EXPECT_TRUE(fs::is_fifo(pipe));
    EXPECT_THAT(names(), ElementsAre("pipe"));
}

TEST_F(output, a_pipe_without_a_reader_is_refused) {
    std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    output_file file("/dev/fd/" + std::to_string(ends[1]));
    ::close(ends[0]);
    EXPECT_THAT(refusal_to_write(file, "text"), HasSubstr("Broken pipe"));
    ::close(ends[1]);
}

TEST_F(output, the_file_behind_the_standard_output_is_appended_to) {
    const fs::path log = folder_ / "log";
    const int saved = ::dup(STDOUT_FILENO);
    const int to = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600);
    ASSERT_GE(to, 0);
    ::dup2(to, STDOUT_FILENO);
    const bool printed = ::write(STDOUT_FILENO, "report\n", 7) == 7;
    output_file("/dev/stdout").write("json\n");
    ::dup2(saved, STDOUT_FILENO);
    ::close(saved);
    ::close(to);
    EXPECT_TRUE(printed);
    EXPECT_EQ(get("log"), "report\njson\n");
    EXPECT_TRUE(fs::is_symlink("/dev/stdout"));
    EXPECT_THAT(names(), ElementsAre("log"));
}

}  // namespace
}  // namespace d1
