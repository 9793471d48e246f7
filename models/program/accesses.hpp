#pragma once
// Which bytes of its node's own SRAM an instruction reads and writes: for range checks and for the race detector.

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <optional>

#include "models/program/instruction.hpp"

namespace d1::program {

/// `rows` rows of `row_bytes`, whose first bytes lie `stride` apart, starting at `address`. Never empty when it comes
/// from accesses(); rows that follow each other without a gap are given as one row. Products that do not fit in 64 bits
/// are given as the greatest number, which lies outside any memory.
struct access {
    std::int64_t address = 0;
    std::int64_t row_bytes = 0;
    std::int64_t rows = 1;
    std::int64_t stride = 0;  ///< 0 when there is one row
    bool write = false;
    friend constexpr bool operator==(const access&, const access&) = default;
};

/// The accesses of one instruction: reads first, then at most one write.
using access_list = boost::container::static_vector<access, 4>;

/// The local SRAM ranges that a step touches; allocates nothing. A push reads its source, a pull writes its
/// destination; what either does in the memory of the other node is not listed, nor are semaphores. A matrix_multiply
/// reads C only where it accumulates.
[[nodiscard]] access_list accesses(const step& s);

/// The bytes [first, end) between which an access lies.
struct extent {
    std::int64_t first = 0;
    std::int64_t end = 0;
    friend constexpr bool operator==(const extent&, const extent&) = default;
};
/// The extent of an access; nothing where it does not fit in 64 bits.
[[nodiscard]] std::optional<extent> extent_of(const access& a) noexcept;

/// Whether every byte of the access lies in a memory of `memory_bytes`.
[[nodiscard]] bool lies_in(const access& a, std::uint64_t memory_bytes) noexcept;

}  // namespace d1::program
