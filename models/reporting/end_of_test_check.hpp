#pragma once
// For tests that link d1::systemc_test_main.

#include <functional>
#include <optional>
#include <string>

namespace d1::reporting {

/// What is wrong, or nothing.
using end_of_test_check = std::function<std::optional<std::string>()>;

/// Runs `check` at the end of each test, after the test's body and fixture are gone, and fails the test with the text
/// it returns. A check that is registered outside a test, as by the initialiser of a namespace-scope object, holds for
/// all tests; one that is registered within a test, for that test only.
void register_end_of_test_check(end_of_test_check check);

}  // namespace d1::reporting
