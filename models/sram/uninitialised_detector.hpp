#pragma once
// Finds reads of SRAM that nobody has written since the reset, while a program runs.

#include <cstdint>
#include <string>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/sram/race_detector.hpp"

namespace d1 {

/// Bytes that an instruction read, itself or through its transfer, and that nobody had written.
struct uninitialised_read {
    node_index memory{};
    std::uint32_t address = 0;  ///< the first such byte of the access
    std::uint32_t bytes = 0;    ///< that many from there, without a gap
    race_party reader;
    friend constexpr bool operator==(const uninitialised_read&, const uninitialised_read&) = default;
};

/// "node number 3, thread 0, instruction 5 (transfer) reads bytes 64..127 of node number 4, ...", in one line.
[[nodiscard]] std::string to_string(const uninitialised_read& r);

/// No hardware. One bit for each byte of each memory says whether the host, a core or a network interface has written
/// it since the reset; those who read tell what and for whom. A transfer of such bytes is a read and makes its
/// destination written, so that each is reported once, where it is first touched.
///
/// Not seen: what somebody else writes or reads through sockets or a direct pointer of a memory; whether what is read
/// has any effect. Costs 1/8 of each memory that is written to.
class uninitialised_detector {
  public:
    /// `bytes` is the size of each node's memory; accesses beyond it are ignored.
    uninitialised_detector(std::uint32_t nodes, std::uint32_t bytes);

    void written(node_index memory, std::int64_t address, std::int64_t bytes);
    void read(node_index memory, std::int64_t address, std::int64_t bytes, const race_party& reader);

    /// Accesses that read bytes nobody had written.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// The first of each thread and instruction, whatever the node, since nodes share programs; up to 100 of them.
    [[nodiscard]] const std::vector<uninitialised_read>& reads() const noexcept { return reads_; }

    void reset();

  private:
    [[nodiscard]] std::uint64_t clip(std::int64_t& address, std::int64_t bytes) const noexcept;

    std::uint32_t bytes_;
    std::vector<std::vector<std::uint64_t>> written_;  // by node; empty while nothing is
    std::vector<uninitialised_read> reads_;
    std::uint64_t count_ = 0;
};

}  // namespace d1
