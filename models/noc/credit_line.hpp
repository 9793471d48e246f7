#pragma once
// A channel's credits at `at`, where their times are known ahead.

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "models/packet/packet_times.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

/// The free places at the other end of a link, each with the first cycle in which a packet may leave for it, in the
/// order in which they become free. A place that is not here is taken by a packet whose departure is not known yet.
class credit_line {
  public:
    explicit credit_line(std::uint32_t depth) : depth_(depth), ring_(std::bit_ceil(depth)) { reset(); }

    [[nodiscard]] std::uint32_t known() const noexcept { return tail_ - head_; }
    /// When the place that the j-th packet from now on will take is free, j < known().
    [[nodiscard]] timing::cycle free_from(std::uint32_t j) const noexcept { return ring_[place(head_ + j)]; }
    void take(std::uint32_t packets) noexcept { head_ += packets; }
    /// Packets leave the other end's buffer at `times`, which is known here `late` cycles after each.
    void give(const packet_times& times, timing::cycle late) noexcept {
        assert(known() + times.count <= depth_);
        for (std::uint32_t i = 0; i < times.count; ++i) {
            ring_[place(tail_++)] = times.first + times.offset[i] + late;
        }
    }
    /// All places are free.
    void reset() noexcept {
        head_ = 0;
        tail_ = depth_;
        std::fill(ring_.begin(), ring_.end(), timing::cycle{0});
    }

  private:
    [[nodiscard]] std::size_t place(std::uint32_t number) const noexcept { return number & (ring_.size() - 1); }

    std::uint32_t depth_;
    std::uint32_t head_ = 0;
    std::uint32_t tail_ = 0;
    std::vector<timing::cycle> ring_;
};

}  // namespace d1::noc
