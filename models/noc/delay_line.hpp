#pragma once
// What is under way on a link.

#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "models/timing/cycle.hpp"

namespace d1::noc {

/// Things that come out a fixed time after they were put in, in that order; room for `capacity` of them.
template <typename Thing>
class delay_line {
  public:
    explicit delay_line(std::uint32_t capacity) : ring_(std::bit_ceil(capacity)) {}

    [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }

    /// `due` never falls from one to the next.
    void put(const Thing& thing, timing::cycle due) noexcept {
        assert(tail_ - head_ < ring_.size());
        ring_[tail_++ & (ring_.size() - 1)] = {thing, due};
    }
    /// The next thing if it is due by `now`; else null. Valid until the next put.
    [[nodiscard]] const Thing* take(timing::cycle now) noexcept {
        if (empty()) {
            return nullptr;
        }
        const place& first = ring_[head_ & (ring_.size() - 1)];
        if (first.due > now) {
            return nullptr;
        }
        ++head_;
        return &first.thing;
    }
    /// Whatever is under way, in order; then nothing is.
    template <typename Visitor>
    void drain(Visitor&& visit) {
        while (!empty()) {
            visit(ring_[head_++ & (ring_.size() - 1)].thing);
        }
    }

  private:
    struct place {
        Thing thing{};
        timing::cycle due = 0;
    };
    std::vector<place> ring_;
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
};

}  // namespace d1::noc
