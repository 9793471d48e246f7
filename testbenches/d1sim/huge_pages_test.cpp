#include "testbenches/d1sim/huge_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "models/reporting/sanitized.hpp"

namespace d1::test {
namespace {

/// What the host says of the mapping that an address lies in: the line VmFlags of /proc/self/smaps.
std::string flags_of(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/smaps");
    bool found = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::istringstream range(line);
        if (range >> std::hex >> begin >> dash >> end && dash == '-') {
            found = begin <= wanted && wanted < end;
        } else if (found && line.starts_with("VmFlags:")) {
            return line + " ";
        }
    }
    return "";
}

TEST(huge_pages, lie_under_what_is_allocated_afterwards) {
    if (is_sanitized) {
        GTEST_SKIP() << "the sanitizer has a heap of its own";
    }
    if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled") || !std::ifstream("/proc/self/smaps")) {
        GTEST_SKIP() << "the host has no huge pages, or does not tell of them";
    }
    prefer_huge_pages();
    constexpr std::size_t bytes = 100'000;
    std::vector<std::unique_ptr<std::byte[]>> blocks(80);  // beyond the first boundary of a huge page
    for (auto& block : blocks) {
        block = std::make_unique<std::byte[]>(bytes);
    }
    const std::string flags = flags_of(blocks.back().get());
    EXPECT_NE(flags.find(" hg "), std::string::npos) << flags;
}

}  // namespace
}  // namespace d1::test
