#include "models/reporting/report_handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <systemc>

#include "models/reporting/banner.hpp"

namespace d1::reporting {
namespace {

using sc_core::sc_report_handler;
using testing::HasSubstr;

/// Puts the handler of the test program, which judges reports, back in place.
class report_handler : public testing::Test {
  protected:
    ~report_handler() override {
        sc_report_handler::set_handler(previous_);
        sc_report_handler::set_verbosity_level(sc_core::SC_MEDIUM);
    }

    void install(int verbosity = sc_core::SC_MEDIUM) {
        auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out_));
        logger->set_pattern("%l: %v");
        logger->set_level(spdlog::level::trace);
        install_report_handler(verbosity, std::move(logger));
    }

    /// What has been logged since the last call.
    std::string logged() {
        std::string text = out_.str();
        out_.str({});
        return text;
    }

  private:
    std::ostringstream out_;
    sc_core::sc_report_handler_proc previous_ = sc_report_handler::get_handler();
};

TEST_F(report_handler, maps_each_severity_to_a_level) {
    install();
    SC_REPORT_INFO("/d1/test", "one");
    EXPECT_EQ(logged(), "info: /d1/test: one\n");
    SC_REPORT_WARNING("/d1/test", "two");
    EXPECT_EQ(logged(), "warning: /d1/test: two\n");
    EXPECT_THROW(SC_REPORT_ERROR("/d1/test", "three"), sc_core::sc_report);
    EXPECT_EQ(logged(), "error: /d1/test: three\n");
    EXPECT_THROW(SC_REPORT_FATAL("/d1/test", "four"), sc_core::sc_report);
    EXPECT_EQ(logged(), "critical: /d1/test: four\n");
}

TEST_F(report_handler, drops_information_above_the_verbosity) {
    install(sc_core::SC_LOW);
    SC_REPORT_INFO("/d1/test", "medium by default");
    SC_REPORT_INFO_VERB("/d1/test", "low", sc_core::SC_LOW);
    EXPECT_EQ(logged(), "info: /d1/test: low\n");
}

TEST_F(report_handler, shows_verbose_information_at_the_levels_below_info) {
    install(sc_core::SC_DEBUG);
    SC_REPORT_INFO_VERB("/d1/test", "m", sc_core::SC_MEDIUM);
    SC_REPORT_INFO_VERB("/d1/test", "h", sc_core::SC_HIGH);
    SC_REPORT_INFO_VERB("/d1/test", "f", sc_core::SC_FULL);
    SC_REPORT_INFO_VERB("/d1/test", "d", sc_core::SC_DEBUG);
    EXPECT_EQ(logged(), "info: /d1/test: m\ndebug: /d1/test: h\ndebug: /d1/test: f\ntrace: /d1/test: d\n");
}

TEST_F(report_handler, puts_a_report_on_one_line) {
    install();
    SC_REPORT_WARNING("/d1/test", "first\n             second \r\n third\n");
    EXPECT_EQ(logged(), "warning: /d1/test: first second third\n");
    SC_REPORT_WARNING("/d1/test", "");
    EXPECT_EQ(logged(), "warning: /d1/test\n");
    SC_REPORT_WARNING("/d1/test", "braces {} and {0} stay");
    EXPECT_EQ(logged(), "warning: /d1/test: braces {} and {0} stay\n");
}

TEST_F(report_handler, gives_the_number_of_a_message_of_systemc) {
    install();
    EXPECT_THROW(sc_core::sc_set_time_resolution(0, sc_core::SC_NS), sc_core::sc_report);
    EXPECT_THAT(logged(), HasSubstr("error: (E514) set time resolution failed: "));
}

struct reporter : sc_core::sc_module {
    SC_HAS_PROCESS(reporter);
    explicit reporter(const sc_core::sc_module_name& name) : sc_core::sc_module(name) { SC_THREAD(run); }
    void run() {
        wait(12, sc_core::SC_NS);
        SC_REPORT_WARNING("/d1/test", "within");
    }
};

TEST_F(report_handler, names_time_and_process_once_the_simulation_has_begun) {
    install();
    const reporter top("top");
    SC_REPORT_WARNING("/d1/test", "before");
    EXPECT_EQ(logged(), "warning: /d1/test: before\n");
    sc_core::sc_start(sc_core::sc_time(20, sc_core::SC_NS));
    EXPECT_EQ(logged(), "warning: /d1/test: within (at 12 ns in top.run)\n");
    SC_REPORT_WARNING("/d1/test", "after");
    EXPECT_EQ(logged(), "warning: /d1/test: after (at 20 ns)\n");
}

TEST_F(report_handler, writes_a_thrown_report_once_also_if_it_escapes_from_sc_main) {
    install();
    try {
        SC_REPORT_ERROR("/d1/test", "thrown");
    } catch (const sc_core::sc_report& escaped) {
        EXPECT_STREQ(escaped.get_msg(), "thrown");
        // What SystemC does with a report that leaves sc_main.
        sc_report_handler::get_handler()(escaped, sc_report_handler::get_catch_actions());
    }
    EXPECT_EQ(logged(), "error: /d1/test: thrown\n");
}

TEST_F(report_handler, writes_the_same_error_again_when_it_is_raised_again) {
    install();
    for (int i = 0; i < 2; ++i) EXPECT_THROW(SC_REPORT_ERROR("/d1/test", "again"), sc_core::sc_report);
    EXPECT_EQ(logged(), "error: /d1/test: again\nerror: /d1/test: again\n");
}

TEST_F(report_handler, keeps_the_actions_that_the_program_has_set) {
    install();
    sc_report_handler::set_actions("/d1/quiet", sc_core::SC_DO_NOTHING);
    SC_REPORT_WARNING("/d1/quiet", "not shown");
    EXPECT_EQ(logged(), "");
    sc_report_handler::set_actions("/d1/strict", sc_core::SC_WARNING, sc_core::SC_DISPLAY | sc_core::SC_THROW);
    EXPECT_THROW(SC_REPORT_WARNING("/d1/strict", "thrown"), sc_core::sc_report);
    EXPECT_EQ(logged(), "warning: /d1/strict: thrown\n");
}

TEST_F(report_handler, aborts_at_a_fatal_report_as_systemc_does) {
    sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_DEFAULT_FATAL_ACTIONS);
    install_report_handler();
    EXPECT_DEATH(SC_REPORT_FATAL("/d1/test", "the end"), "critical: /d1/test: the end");
}

TEST_F(report_handler, writes_to_stderr_and_without_colour_where_there_is_no_terminal) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    install_report_handler();
    SC_REPORT_WARNING("/d1/test", "plain");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: /d1/test: plain\n");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(systemc_banner, is_silenced_unless_the_user_asked_for_it) {
    ::unsetenv("SC_COPYRIGHT_MESSAGE");
    silence_systemc_banner();
    EXPECT_STREQ(std::getenv("SC_COPYRIGHT_MESSAGE"), "DISABLE");
    ::setenv("SC_COPYRIGHT_MESSAGE", "ENABLE", 1);
    silence_systemc_banner();
    EXPECT_STREQ(std::getenv("SC_COPYRIGHT_MESSAGE"), "ENABLE");
}

}  // namespace
}  // namespace d1::reporting
