// Tests that must fail, each for a reason of its own, and those that must pass. Run by systemc_test_main_test.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <systemc>

#include "models/reporting/end_of_test_check.hpp"
#include "models/reporting/expect_report.hpp"

namespace d1::reporting {
namespace {

int ends_of_all_tests = 0;
const bool check_of_all_tests_is_registered = [] {
    register_end_of_test_check([]() -> std::optional<std::string> {
        ++ends_of_all_tests;
        return std::nullopt;
    });
    return true;
}();
int ends_of_first_test = 0;

// In one process, in this order.
TEST(passing, first) {
    ASSERT_TRUE(check_of_all_tests_is_registered);
    SC_REPORT_INFO("/d1/test", "an information");
    register_end_of_test_check([]() -> std::optional<std::string> {
        ++ends_of_first_test;
        return std::nullopt;
    });
    EXPECT_EQ(ends_of_first_test, 0);
    EXPECT_EQ(ends_of_all_tests, 0);
}
TEST(passing, second) {
    EXPECT_EQ(ends_of_first_test, 1);
    EXPECT_EQ(ends_of_all_tests, 1);
}
TEST(passing, third) {
    EXPECT_EQ(ends_of_first_test, 1) << "the check of the first test has outlived it";
    EXPECT_EQ(ends_of_all_tests, 2);
}

TEST(failing, assertion) {
    EXPECT_EQ(1, 2);
}

TEST(failing, unexpected_warning) {
    SC_REPORT_WARNING("/d1/test", "a surprise");
}

TEST(failing, unexpected_error) {
    // Caught by the model: it fails the test all the same.
    EXPECT_THROW(SC_REPORT_ERROR("/d1/test", "a surprise"), sc_core::sc_report);
}

TEST(failing, unexpected_fatal) {
    SC_REPORT_FATAL("/d1/test", "a surprise");
}

struct warner : sc_core::sc_module {
    SC_HAS_PROCESS(warner);
    explicit warner(const sc_core::sc_module_name& name) : sc_core::sc_module(name) { SC_METHOD(run); }
    void run() { SC_REPORT_WARNING("/d1/test", "from a process"); }
};

TEST(failing, warning_from_a_process) {
    const warner top("top");
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_NS));
}

TEST(failing, report_that_does_not_come) {
    const expect_report missing(sc_core::SC_WARNING, "/d1/other", "text");
}

TEST(failing, report_of_another_severity) {
    const expect_report missing(sc_core::SC_WARNING, "/d1/test");
    SC_REPORT_INFO("/d1/test", "only an information");
}

TEST(failing, report_after_the_scope) {
    {
        const expect_report expected(sc_core::SC_WARNING, "/d1/test");
        SC_REPORT_WARNING("/d1/test", "in time");
    }
    SC_REPORT_WARNING("/d1/test", "too late");
}

TEST(failing, end_of_test_check) {
    register_end_of_test_check([] { return std::optional<std::string>("the pool holds 3 packets"); });
}

}  // namespace
}  // namespace d1::reporting
