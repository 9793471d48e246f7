#pragma once
// Credits at `at`, where their times are known ahead.

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "models/packet/packet_times.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

/// The free places at the other ends of links, one line for each channel: the first cycle in which a packet may leave
/// for each place, in the order in which they become free. A place that is not here is taken by a packet whose
/// departure is not known yet.
class credit_lines {
  public:
    static constexpr timing::cycle never = ~timing::cycle{0};

    /// All `depth` places of each of `lines` are free.
    credit_lines(std::uint32_t lines, std::uint32_t depth)
        : depth_(depth), size_(std::bit_ceil(depth)), lines_(lines), places_(std::size_t{lines} * size_) {
        reset();
    }

    [[nodiscard]] std::uint32_t known(std::uint32_t line) const noexcept {
        return lines_[line].tail - lines_[line].head;
    }
    /// When the place that the next packet will take is free; never if nothing is known of it.
    [[nodiscard]] timing::cycle next(std::uint32_t line) const noexcept { return lines_[line].next; }
    /// The same of the j-th packet from now on, j < known().
    [[nodiscard]] timing::cycle free_from(std::uint32_t line, std::uint32_t j) const noexcept {
        return places_[place(line, lines_[line].head + j)];
    }
    void take(std::uint32_t line, std::uint32_t packets) noexcept {
        assert(packets <= known(line));
        ends& l = lines_[line];
        l.head += packets;
        l.next = l.head == l.tail ? never : free_from(line, 0);
    }
    /// Packets leave the other end's buffer at `times`, which is known here `late` cycles after each.
    void give(std::uint32_t line, const packet_times& times, timing::cycle late) noexcept {
        assert(known(line) + times.count <= depth_);
        ends& l = lines_[line];
        if (l.head == l.tail) {
            l.next = times.first + late;
        }
        for (std::uint32_t i = 0; i < times.count; ++i) {
            places_[place(line, l.tail++)] = times.first + times.offset[i] + late;
        }
    }
    void reset() noexcept {
        std::fill(lines_.begin(), lines_.end(), ends{0, 0, depth_});
        std::fill(places_.begin(), places_.end(), timing::cycle{0});
    }

  private:
    struct ends {
        timing::cycle next = 0;
        std::uint32_t head = 0;
        std::uint32_t tail = 0;
    };
    [[nodiscard]] std::size_t place(std::uint32_t line, std::uint32_t number) const noexcept {
        return std::size_t{line} * size_ + (number & (size_ - 1));
    }

    std::uint32_t depth_;
    std::uint32_t size_;  // of a line's ring
    std::vector<ends> lines_;
    std::vector<timing::cycle> places_;
};

}  // namespace d1::noc
