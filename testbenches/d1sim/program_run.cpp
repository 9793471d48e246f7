#include "testbenches/d1sim/program_run.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace d1 {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string content(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

/// In the child: never returns.
[[noreturn]] void become_program(const std::filesystem::path& folder, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), D1SIM_PROGRAM);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) {
        std::signal(signal, SIG_DFL);  // whatever runs the tests may ignore them
    }
    if (::chdir(folder.c_str()) == 0) {
        ::execv(pointers[0], pointers.data());
    }
    ::_exit(127);
}

/// In the child: makes `descriptor` what `kind` says.
void connect(int descriptor, stream_kind kind, const std::filesystem::path& file) {
    ::close(descriptor);
    std::array<int, 2> ends{};
    int got = -1;
    switch (kind) {
        case stream_kind::file:
            got = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
            break;
        case stream_kind::full_device:
            got = ::open("/dev/full", O_WRONLY);
            break;
        case stream_kind::broken_pipe:
            if (::pipe(ends.data()) == 0) {  // the reading end takes the place that was just closed
                got = ::dup(ends[1]);
                ::dup2(ends[1], descriptor);
                ::close(got);
                ::close(ends[1]);
            }
            return;
        case stream_kind::closed:
            return;
    }
    if (got >= 0 && got != descriptor) {
        ::dup2(got, descriptor);
        ::close(got);
    }
}

int exit_code_of_child(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("waitpid");
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::filesystem::path fresh_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "d1sim_test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        fail("mkdtemp");
    }
    return name;
}

}  // namespace

program_folder::program_folder() : path_(fresh_folder()), outputs_(fresh_folder()) {}

program_folder::~program_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    std::filesystem::remove_all(outputs_, ignored);
}

std::string program_folder::write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return name;
}

std::string program_folder::read(const std::string& name) const {
    return content(path_ / name);
}

std::vector<std::string> program_folder::names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
        all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
}

outcome program_folder::run(const std::vector<std::string>& arguments, stream_kind out,
                            const std::function<void(pid_t)>& meanwhile) const {
    const pid_t child = ::fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        connect(STDERR_FILENO, stream_kind::file, outputs_ / "err");
        connect(STDOUT_FILENO, out, outputs_ / "out");
        become_program(path_, arguments);
    }
    if (meanwhile) {
        meanwhile(child);
    }
    const int code = exit_code_of_child(child);
    return {code, content(outputs_ / "out"), content(outputs_ / "err")};
}

outcome program_folder::run_on_terminal(const std::vector<std::string>& arguments) const {
    int terminal = -1;
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (child < 0) {
        fail("forkpty");
    }
    if (child == 0) {
        become_program(path_, arguments);
    }
    outcome result;
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t got = ::read(terminal, part.data(), part.size());
        if (got > 0) {
            result.out.append(part.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {  // a terminal that is hung up gives an I/O error
            break;
        }
    }
    ::close(terminal);
    result.code = exit_code_of_child(child);
    return result;
}

outcome wording_folder::run(const std::vector<std::string>& arguments, stream_kind out,
                            const std::function<void(pid_t)>& meanwhile) const {
    outcome o = program_folder::run(arguments, out, meanwhile);
    o.err = std::regex_replace(o.err, std::regex("error D1-E[0-9]+: "), "error: ");
    return o;
}

std::string table_of(const std::vector<std::string>& rows) {
    std::string text = "Layer, M, N, K,\n";
    for (const std::string& row : rows) {
        text += row + "\n";
    }
    return text;
}

std::vector<std::string> small_run(const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{
        "run", file, "--set", "die.noc.columns=4", "--set", "die.noc.rows=4", "--set", "die.harvest.dead=[]"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

void wait_until_handled(pid_t process, int signal, bool handled) {
    const std::string status = "/proc/" + std::to_string(process) + "/status";
    for (;; ::sched_yield()) {
        std::ifstream lines(status);
        std::string line;
        std::string state;
        std::uint64_t caught = 0;
        while (std::getline(lines, line)) {
            if (line.starts_with("State:")) {
                state = line;
            } else if (line.starts_with("SigCgt:")) {
                caught = std::stoull(line.substr(7), nullptr, 16);
            }
        }
        const bool is_handled = ((caught >> static_cast<unsigned>(signal - 1)) & 1U) != 0;
        if (is_handled == handled || state.empty() || state.find('Z') != std::string::npos) {
            return;
        }
    }
}

}  // namespace d1
