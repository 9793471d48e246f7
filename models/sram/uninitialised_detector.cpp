#include "models/sram/uninitialised_detector.hpp"

#include <algorithm>
#include <bit>

namespace d1 {

namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};

/// Calls visit(word, mask) for the words that hold bits [first, first + count).
template <typename Visitor>
void for_each_word(std::uint64_t first, std::uint64_t count, Visitor&& visit) {
    while (count > 0) {
        const std::uint64_t bit = first % 64;
        const std::uint64_t here = std::min(count, 64 - bit);
        visit(first / 64, (here == 64 ? all : (std::uint64_t{1} << here) - 1) << bit);
        first += here;
        count -= here;
    }
}

}  // namespace

std::string to_string(const uninitialised_read& r) {
    return "node number " + std::to_string(to_number(r.reader.node)) + ", thread " + std::to_string(r.reader.thread) +
           ", instruction " + std::to_string(r.reader.instruction) + (r.reader.transfer ? " (transfer)" : "") +
           " reads bytes " + std::to_string(r.address) + ".." + std::to_string(r.address + r.bytes - 1) +
           " of node number " + std::to_string(to_number(r.memory)) + ", which nobody has written";
}

uninitialised_detector::uninitialised_detector(std::uint32_t nodes, std::uint32_t bytes)
    : bytes_(bytes), written_(nodes) {}

std::uint64_t uninitialised_detector::clip(std::int64_t& address, std::int64_t bytes) const noexcept {
    const std::int64_t end = std::min<std::int64_t>(address + bytes, bytes_);
    address = std::max<std::int64_t>(address, 0);
    return end > address ? static_cast<std::uint64_t>(end - address) : 0;
}

void uninitialised_detector::written(node_index memory, std::int64_t address, std::int64_t bytes) {
    const std::uint64_t count = clip(address, bytes);
    auto& bits = written_[to_number(memory)];
    if (bits.empty()) {
        bits.resize((bytes_ + 63) / 64);
    }
    for_each_word(static_cast<std::uint64_t>(address), count,
                  [&](std::uint64_t word, std::uint64_t mask) { bits[word] |= mask; });
}

void uninitialised_detector::read(node_index memory, std::int64_t address, std::int64_t bytes,
                                  const race_party& reader) {
    const std::uint64_t count = clip(address, bytes);
    const auto& bits = written_[to_number(memory)];
    std::uint64_t first = 0;
    std::uint64_t missing = 0;  // from `first`, as far as there is no gap
    bool ended = false;
    for_each_word(static_cast<std::uint64_t>(address), count, [&](std::uint64_t word, std::uint64_t mask) {
        std::uint64_t lacking = (bits.empty() ? all : ~bits[word]) & mask;
        if (ended || (lacking == 0 && missing == 0)) {
            return;
        }
        const auto bit = static_cast<std::uint64_t>(std::countr_zero(missing == 0 ? lacking : mask));
        if (missing == 0) {
            first = word * 64 + bit;
        }
        const auto run = static_cast<std::uint64_t>(std::countr_one(lacking >> bit));
        missing += run;
        ended = bit + run < 64 && (mask >> bit >> run) != 0;
    });
    if (missing == 0) {
        return;
    }
    ++count_;
    constexpr std::size_t most = 100;
    const bool known = std::any_of(reads_.begin(), reads_.end(), [&](const uninitialised_read& r) {
        return r.reader.thread == reader.thread && r.reader.instruction == reader.instruction &&
               r.reader.transfer == reader.transfer;
    });
    if (!known && reads_.size() < most) {
        reads_.push_back({memory, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(missing), reader});
    }
}

void uninitialised_detector::reset() {
    for (auto& bits : written_) {
        bits.clear();
    }
    reads_.clear();
    count_ = 0;
}

}  // namespace d1
