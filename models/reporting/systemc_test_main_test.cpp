// Under GoogleTest's own main: a broken systemc_test_main would hide that these tests fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <ostream>
#include <string>

namespace d1::reporting {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct outcome {
    int exit_code = -1;
    std::string output;  // stdout and stderr
};

outcome run_cases(const std::string& arguments) {
    outcome result;
    FILE* pipe = ::popen((D1_CASES_PROGRAM " " + arguments + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return result;
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        result.output.append(buffer.data(), n);
    }
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    return result;
}

struct failure {
    const char* test;
    const char* message;
    friend void PrintTo(const failure& f, std::ostream* out) { *out << f.test; }
};

class failing_test : public testing::TestWithParam<failure> {};

TEST_P(failing_test, ends_the_program_with_code_1_and_says_why) {
    const outcome result = run_cases("--gtest_filter=failing." + std::string(GetParam().test));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr(GetParam().message));
    EXPECT_THAT(result.output, HasSubstr("[  FAILED  ] failing." + std::string(GetParam().test)));
}

INSTANTIATE_TEST_SUITE_P(
    systemc_test_main, failing_test,
    testing::Values(failure{"assertion", "Expected equality"},
                    failure{"unexpected_warning", "unexpected report: Warning: /d1/test: a surprise"},
                    failure{"unexpected_error", "unexpected report: Error: /d1/test: a surprise"},
                    failure{"unexpected_fatal", "unexpected report: Fatal: /d1/test: a surprise"},
                    failure{"warning_from_a_process", "In process: top.run"},
                    failure{"report_that_does_not_come", "expected an SC_WARNING with '/d1/other' in its type"},
                    failure{"report_of_another_severity", "none came"}, failure{"report_after_the_scope", "too late"},
                    failure{"end_of_test_check", "at the end of the test: the pool holds 3 packets"}),
    [](const auto& test) { return std::string(test.param.test); });

TEST(systemc_test_main, ends_with_code_0_when_all_tests_pass) {
    const outcome result = run_cases("--gtest_filter=passing.first");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr("info: /d1/test: an information"));
}

TEST(systemc_test_main, runs_checks_of_all_tests_after_each_and_those_of_a_test_after_that_test_only) {
    const outcome result = run_cases("--gtest_filter=passing.*");
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("[  PASSED  ] 3 tests"));
}

TEST(systemc_test_main, lists_its_tests_and_prints_nothing_else) {
    const outcome result = run_cases("--gtest_list_tests");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, StartsWith("passing.\n  first\n  second\n  third\nfailing.\n  assertion\n"));
    EXPECT_THAT(result.output, Not(HasSubstr("SystemC")));
}

}  // namespace
}  // namespace d1::reporting
