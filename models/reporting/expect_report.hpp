#pragma once
// For tests that link d1::systemc_test_main, where an unexpected SC_WARNING, SC_ERROR or SC_FATAL fails the test.

#include <cstddef>
#include <string>
#include <systemc>

namespace d1::reporting {

/// While it lives, reports of `severity` whose message type contains `id_part` and whose text contains `text_part` are
/// expected; the test fails if none has come by the end of the scope. If several match, the innermost takes the report.
///
///     const expect_report unmapped(sc_core::SC_WARNING, "/d1/noc", "no route");
///
/// The actions of a report are not touched: an expected SC_ERROR is still thrown. In tests SC_FATAL throws as well.
class expect_report {
  public:
    [[nodiscard]] explicit expect_report(sc_core::sc_severity severity, std::string id_part = {},
                                         std::string text_part = {});
    ~expect_report();
    expect_report(const expect_report&) = delete;
    expect_report& operator=(const expect_report&) = delete;

    /// How many reports it has taken.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// For the report handler: takes `report` if it matches.
    [[nodiscard]] bool take(const sc_core::sc_report& report);

  private:
    sc_core::sc_severity severity_;
    std::string id_part_;
    std::string text_part_;
    std::size_t count_ = 0;
};

}  // namespace d1::reporting
