#include "models/reporting/expect_report.hpp"

#include <gtest/gtest.h>

#include <systemc>

namespace d1::reporting {
namespace {

TEST(expect_report, lets_a_test_pass_that_gets_the_report) {
    const expect_report expected(sc_core::SC_WARNING, "/d1/noc", "route");
    SC_REPORT_WARNING("/d1/noc/router", "no route to 0x40");
    SC_REPORT_WARNING("/d1/noc/router", "no route to 0x80");
    EXPECT_EQ(expected.count(), 2U);
}

TEST(expect_report, leaves_an_error_and_a_fatal_to_be_thrown) {
    const expect_report error(sc_core::SC_ERROR, "/d1/test");
    EXPECT_THROW(SC_REPORT_ERROR("/d1/test", "broken"), sc_core::sc_report);
    const expect_report fatal(sc_core::SC_FATAL, "/d1/test");
    EXPECT_THROW(SC_REPORT_FATAL("/d1/test", "broken"), sc_core::sc_report);
}

TEST(expect_report, takes_what_matches_the_innermost) {
    const expect_report outer(sc_core::SC_WARNING);
    SC_REPORT_WARNING("/d1/test", "first");
    {
        const expect_report inner(sc_core::SC_WARNING, "/d1/test");
        SC_REPORT_WARNING("/d1/test", "second");
        EXPECT_EQ(inner.count(), 1U);
    }
    EXPECT_EQ(outer.count(), 1U);
}

}  // namespace
}  // namespace d1::reporting
