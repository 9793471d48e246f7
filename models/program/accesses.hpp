#pragma once
// Which bytes of its node's own SRAM an instruction reads and writes: for range checks and for the race detector.

#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

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
/// reads C only where it accumulates. A gather or scatter_add touches some rows of its table, whichever its indices
/// name: the whole table is given.
[[nodiscard]] access_list accesses(const step& s);

/// Whether a step, which touches `touched`, writes bytes that it still reads. It does not where it adds to its result,
/// nor where a vector_operation works in place: on an operand that begins where the destination does, with rows as far
/// apart, and whose elements are not narrower.
[[nodiscard]] bool overwrites_operand(const step& s, const access_list& touched) noexcept;

/// The indices of a gather or scatter_add, as they stand in the memory that they lie in.
class index_list {
  public:
    explicit index_list(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / sizeof(std::int32_t); }
    [[nodiscard]] std::int32_t operator[](std::size_t i) const noexcept {
        std::int32_t index = 0;
        std::memcpy(&index, bytes_.data() + i * sizeof index, sizeof index);
        return index;
    }

  private:
    std::span<const std::byte> bytes_;
};

/// Where a step takes indices from; nothing where it takes none.
[[nodiscard]] std::optional<access> index_access(const step& s);

/// Calls `visit(const access&)` for the local SRAM ranges that a step touches, those of a gather or scatter_add in its
/// table row by row, as its indices in `sram` say: for the race detector. All must lie in `sram`, and indices in
/// bounds.
template <typename Visit>
void for_each_access(const step& s, std::span<const std::byte> sram, Visit&& visit) {
    const auto list = accesses(s);
    const auto rows = [&](const auto& i, bool writes) {
        const auto bytes = static_cast<std::int64_t>(i.table.row_bytes());
        const auto is_table = [&](const access& a) {
            return a.address == i.table.address && a.row_bytes == bytes * i.table.rows;
        };
        const index_list indices(sram.subspan(static_cast<std::size_t>(i.indices), sizeof(std::int32_t) * i.elements));
        for (const access& a : list) {
            if (!is_table(a)) visit(a);
        }
        for (std::size_t n = 0; n < indices.size(); ++n) {
            access row{.address = i.table.address + bytes * indices[n], .row_bytes = bytes};
            visit(row);
            row.write = true;
            if (writes) visit(row);
        }
    };
    if (const auto* gathered = std::get_if<gather<std::int64_t>>(&s)) {
        rows(*gathered, false);
    } else if (const auto* added = std::get_if<scatter_add<std::int64_t>>(&s)) {
        rows(*added, true);
    } else {
        for (const access& a : list) visit(a);
    }
}

/// The bytes [first, end) between which an access lies.
struct extent {
    std::int64_t first = 0;
    std::int64_t end = 0;
    friend constexpr bool operator==(const extent&, const extent&) = default;
};
/// The extent of an access; nothing where it does not fit in 64 bits.
[[nodiscard]] std::optional<extent> extent_of(const access& a) noexcept;

/// Whether two accesses have a byte in common; exact, in a time that grows with the rows of the first. Both must have
/// an extent.
[[nodiscard]] bool overlap(const access& a, const access& b) noexcept;

/// Whether every byte of the access lies in a memory of `memory_bytes`.
[[nodiscard]] bool lies_in(const access& a, std::uint64_t memory_bytes) noexcept;

}  // namespace d1::program
