#include "models/sram/semaphore_file.hpp"

#include <algorithm>
#include <limits>

namespace d1 {

bool semaphore_file::signal(std::uint32_t number, std::uint32_t amount, const causality& cause) {
    counter& s = semaphores_.at(number);
    if (amount > std::numeric_limits<std::uint32_t>::max() - s.value) {
        return false;
    }
    if (amount == 0) {
        return true;
    }
    s.value += amount;
    s.shares.push_back({amount, cause});
    while (!s.queue.empty() && s.value >= s.queue.front().amount) {
        const waiting first = s.queue.front();
        s.queue.pop_front();
        waiter_->granted(first.thread, consume(s, first.amount));
    }
    return true;
}

std::optional<causality> semaphore_file::wait(std::uint32_t number, std::uint32_t amount, std::uint32_t thread) {
    counter& s = semaphores_.at(number);
    if (!s.queue.empty() || s.value < amount) {
        s.queue.push_back({thread, number, amount});
        return std::nullopt;
    }
    return consume(s, amount);
}

causality semaphore_file::consume(counter& s, std::uint32_t amount) {
    s.value -= amount;
    causality joined;
    while (amount != 0) {
        share& oldest = s.shares.front();
        joined.chain = std::max(joined.chain, oldest.cause.chain);
        if (join_ != nullptr) {
            joined.knowledge = join_(join_context_, joined.knowledge, oldest.cause.knowledge);
        }
        joined.activity = oldest.cause.activity;
        joined.data = oldest.cause.data;
        const std::uint32_t taken = std::min(amount, oldest.units);
        oldest.units -= taken;
        amount -= taken;
        if (oldest.units == 0) {
            s.shares.pop_front();
        }
    }
    return joined;
}

std::vector<semaphore_file::waiting> semaphore_file::waiters() const {
    std::vector<waiting> all;
    for (const counter& s : semaphores_) {
        all.insert(all.end(), s.queue.begin(), s.queue.end());
    }
    return all;
}

void semaphore_file::reset() {
    std::fill(semaphores_.begin(), semaphores_.end(), counter{});
}

}  // namespace d1
