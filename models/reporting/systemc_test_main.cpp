// The main program of tests that use SystemC.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <ranges>
#include <string_view>
#include <systemc>
#include <utility>
#include <vector>

#include "models/reporting/banner.hpp"
#include "models/reporting/end_of_test_check.hpp"
#include "models/reporting/expect_report.hpp"
#include "models/reporting/report_handler.hpp"

// Of the address sanitizer; null without it.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): its names
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                                   std::size_t* size_old);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace d1::reporting {
namespace {

/// SystemC tells the address sanitizer to which stack it switches, but not of the way back from a thread that has
/// ended: the search for leaks at the end would read that thread's stack, of which parts are there no more. To be
/// called by main, on its own stack, when SystemC is through.
void tell_sanitizer_of_own_stack() {
    if (__sanitizer_start_switch_fiber == nullptr || __sanitizer_finish_switch_fiber == nullptr) {
        return;
    }
    pthread_attr_t attributes;
    void* bottom = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &bottom, &size);
        pthread_attr_destroy(&attributes);
        void* fake_stack = nullptr;
        __sanitizer_start_switch_fiber(&fake_stack, bottom, size);
        __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
    }
}

// Function-local, since tests register at any time, also before main.
std::vector<expect_report*>& expectations() {
    static std::vector<expect_report*> instance;
    return instance;
}
std::vector<end_of_test_check>& end_checks() {
    static std::vector<end_of_test_check> instance;
    return instance;
}

std::string_view severity_name(sc_core::sc_severity severity) {
    constexpr std::array<std::string_view, sc_core::SC_MAX_SEVERITY> names{"SC_INFO", "SC_WARNING", "SC_ERROR",
                                                                           "SC_FATAL"};
    return names.at(static_cast<std::size_t>(severity));
}

bool contains(const char* text, const std::string& part) {
    return (text == nullptr ? std::string_view{} : std::string_view{text}).find(part) != std::string_view::npos;
}

sc_core::sc_report_handler_proc log_report = nullptr;

void judge(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    const bool expected =
        std::ranges::any_of(std::views::reverse(expectations()), [&](expect_report* e) { return e->take(report); });
    if (expected || report.get_severity() == sc_core::SC_INFO) {
        log_report(report, actions);
        return;
    }
    ADD_FAILURE_AT(report.get_file_name(), report.get_line_number()) << "unexpected report: " << report.what();
    sc_core::sc_report_handler::default_handler(report,
                                                actions & ~static_cast<sc_core::sc_actions>(sc_core::SC_DISPLAY));
}

class end_of_test_listener final : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { for_all_tests_ = end_checks().size(); }
    void OnTestEnd(const testing::TestInfo&) override {
        for (const end_of_test_check& check : end_checks()) {
            if (const auto complaint = check()) ADD_FAILURE() << "at the end of the test: " << *complaint;
        }
        end_checks().resize(for_all_tests_);
    }
    std::size_t for_all_tests_ = 0;
};

}  // namespace

expect_report::expect_report(sc_core::sc_severity severity, std::string id_part, std::string text_part)
    : severity_(severity), id_part_(std::move(id_part)), text_part_(std::move(text_part)) {
    expectations().push_back(this);
}

expect_report::~expect_report() {
    std::erase(expectations(), this);
    if (count_ == 0) {
        ADD_FAILURE() << "expected an " << severity_name(severity_) << " with '" << id_part_ << "' in its type and '"
                      << text_part_ << "' in its text; none came";
    }
}

bool expect_report::take(const sc_core::sc_report& report) {
    const bool matches = report.get_severity() == severity_ && contains(report.get_msg_type(), id_part_) &&
                         contains(report.get_msg(), text_part_);
    if (matches) ++count_;
    return matches;
}

void register_end_of_test_check(end_of_test_check check) {
    end_checks().push_back(std::move(check));
}

}  // namespace d1::reporting

int sc_main(int argc, char* argv[]) {
    using sc_core::sc_report_handler;
    testing::InitGoogleMock(&argc, argv);
    testing::UnitTest::GetInstance()->listeners().Append(
        std::make_unique<d1::reporting::end_of_test_listener>().release());

    d1::reporting::install_report_handler();
    d1::reporting::log_report = sc_report_handler::get_handler();
    sc_report_handler::set_handler(d1::reporting::judge);
    // A test that meets an SC_FATAL fails; it does not take the process down.
    sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_LOG | sc_core::SC_CACHE_REPORT | sc_core::SC_THROW);
    return RUN_ALL_TESTS();
}

// Here, too, since the linker takes this file from its archive for the sake of main.
int main(int argc, char* argv[]) {
    d1::reporting::silence_systemc_banner();
    const int result = sc_core::sc_elab_and_sim(argc, argv);
    d1::reporting::tell_sanitizer_of_own_stack();
    return result;
}
