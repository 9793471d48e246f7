// A job that was written to a file and read back runs as it did before.

#include "platforms/job_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "models/parameter/error.hpp"
#include "models/program/builder.hpp"
#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::program_builder;
using testing::HasSubstr;

program::program_file read_back(const job& j) {
    std::ostringstream out;
    program::print(out, file_of(j));
    return program::parse_file(out.str(), "f.d1p");
}

TEST(job_file, holds_a_job_from_which_the_same_bytes_and_cycles_come) {
    die d("die", grid_of(3, 2), {.protocol = true});
    const ring work(d.place({3, 2}));
    work.load(d);
    const auto before = run(d, work.work());
    ASSERT_EQ(before.status, run_status::finished);
    d.reset();
    work.load(d);
    const job again = job_of(read_back(work.work()), d);
    const auto after = run(d, again);
    EXPECT_EQ(after.status, run_status::finished);
    EXPECT_EQ(after.cycles, before.cycles);
    EXPECT_EQ(after.bytes_moved, before.bytes_moved);
    work.expect_result(d);
}

TEST(job_file, does_not_fit_a_die_with_too_few_nodes) {
    die d("die", grid_of(2, 1), {.protocol = true});
    program_builder b("p");
    b.semaphores("s");
    b.thread().signal(0);
    EXPECT_THROW((void)job_of({{3, 1}, {{b.build(), {{{0, 0}, {2, 0}}}}}}, d), input_error);
}

TEST(job_file, gives_line_and_column_to_whoever_complains_of_it) {
    die d("die", grid_of(2, 1), {.protocol = true});
    const auto result_of = [&](const std::string& statement) {
        d.reset();
        const job j =
            job_of(program::parse_file(
                       "d1p 1\nprogram \"p\"\non 0,0:1,0\nsemaphores s first=3\nthread {\n    " + statement + "\n}\n",
                       "f.d1p"),
                   d);
        return run(d, j);
    };
    const auto waits = result_of("wait semaphore=s");
    EXPECT_EQ(waits.status, run_status::deadlock);
    EXPECT_THAT(waits.message,
                HasSubstr("die.node[1,0] thread 0, instruction 0 (f.d1p:6:5): waits for 1 of semaphore 3"));
    const auto lost = result_of("signal to=(x + 5, 0) semaphore=s");
    EXPECT_EQ(lost.status, run_status::failed);
    EXPECT_THAT(lost.message, HasSubstr("program 'p', thread 0, instruction 0 (f.d1p:6:5) names"));
}

}  // namespace
}  // namespace d1
