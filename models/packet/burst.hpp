#pragma once
// What travels on the links: packets of 64 bytes, up to 16 successive ones of a transfer as one burst.

#include <array>
#include <boost/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "models/packet/causality.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/packet_times.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1 {

/// Message classes, which keep requests, data and responses from blocking each other (TTPS 5.1 has the first three).
/// Waiting goes one way only: request -> data -> response.
enum class message_class : std::uint8_t { request_low, request_high, data, response };
inline constexpr std::uint32_t message_class_count = 4;

/// What a burst means to the network interface that takes it.
enum class burst_kind : std::uint8_t {
    pull_request,  ///< asks for one burst of data; class request low
    push_data,     ///< bytes for the destination's SRAM; class data, answered
    pull_data,     ///< bytes that were asked for; class data
    signal,        ///< adds to a semaphore of the destination; class data
    push_answer,   ///< tells that a push burst was written, or why not; class response
    error_answer,  ///< tells that a pull request could not be served; class response
    barrier_come,  ///< tells a parent that all below have come to a barrier; class request high
    barrier_end    ///< tells a child that all have come; class request high
};

/// How a burst fared at its destination.
enum class burst_status : std::uint8_t {
    good,
    address_error,
    corrupted  ///< a packet was corrupted on a link more often than it may be sent again
};

class burst_pool;

/// Up to 16 packets of one transfer to one node, or a request, signal or answer of one packet. One object serves every
/// timing level. It belongs to a pool; whoever keeps one past a call holds a burst_ptr.
/// What every router reads and writes stands first, in one line of the host's cache.
struct alignas(64) burst {
    static constexpr std::uint32_t capacity = packet_times::capacity;

  private:
    std::uint32_t references_ = 0;

  public:
    std::uint32_t hops = 0;  ///< routers entered so far, less one

    node_index source{};
    node_index destination{};
    message_class channel_class = message_class::data;
    burst_kind kind = burst_kind::signal;
    burst_status status = burst_status::good;
    bool loaded = false;             ///< the bytes were fetched before the injection, from a memory that answers later
    std::uint16_t table_offset = 0;  ///< where a router's routes for it begin: the routing's plane x nodes of the mesh

    /// lt: when each packet stands at the module that is being called, in cycles: `times.first` is the call's `delay`
    /// from now, spelt out; the other packets follow. at, ca: `times.count` is the number of packets, `times.first`
    /// when the first of them left its node or was put into a queue there.
    packet_times times;

    std::uint64_t sequence = 0;  ///< number in its (source, class)
    std::uint64_t created = 0;   ///< the cycle in which it came to be, for whoever measures
    std::uint64_t entered = 0;   ///< at, ca: the cycle in which its first packet left for the mesh
    std::uint32_t taken = 0;     ///< at, ca: packets that its destination has taken

    transfer_piece piece;        ///< what is carried or, by a pull request, asked for
    std::int64_t semaphore = 0;  ///< signal: which
    std::uint64_t latest = 0;    ///< at: when the last of the packets that are at their destination came there
    std::int64_t amount = 0;     ///< signal: how much
    std::uint32_t barrier = 0;   ///< of a barrier's messages: its number
    std::uint64_t meaning = 0;   ///< of a barrier's messages: see barrier_entry
    bool indices = false;        ///< the bytes, carried or asked for, are real even where payloads are switched off
    void* transfer = nullptr;    ///< the initiating interface's own record, given back in answers and replies
    std::uint32_t race_transfer = 0;  ///< the race detector's name for the transfer
    issuer from;                      ///< the instruction behind it
    causality cause;                  ///< what led to this burst

    /// at, ca: its packet is all of it.
    [[nodiscard]] bool is_lone() const noexcept { return times.count == 1; }
    [[nodiscard]] bool carries_data() const noexcept {
        return kind == burst_kind::push_data || kind == burst_kind::pull_data;
    }

    /// How many hold it.
    [[nodiscard]] std::uint32_t references() const noexcept { return references_; }

    /// The bytes carried, `piece.bytes` of them; empty where payloads are switched off.
    [[nodiscard]] std::span<std::byte> payload() noexcept {
        return payload_ ? std::span<std::byte>(*payload_) : std::span<std::byte>();
    }

  private:
    friend class burst_pool;
    friend void intrusive_ptr_add_ref(burst* b) noexcept;
    friend void intrusive_ptr_release(burst* b) noexcept;

    using payload_block = std::array<std::byte, std::size_t{capacity} * packet_bytes>;
    std::unique_ptr<payload_block> payload_;  // kept by the object when it goes back to the pool
    burst_pool* pool_ = nullptr;
};

using burst_ptr = boost::intrusive_ptr<burst>;

/// The bursts of a simulation. Not thread-safe, as SystemC is not.
class burst_pool {
  public:
    burst_pool() = default;
    burst_pool(const burst_pool&) = delete;
    burst_pool& operator=(const burst_pool&) = delete;

    /// A cleared burst; with room for payload if `with_payload`.
    [[nodiscard]] burst_ptr acquire(bool with_payload);

    /// Bursts that somebody holds; 0 when a simulation is over.
    [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
    /// Bursts ever made.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

  private:
    friend void intrusive_ptr_release(burst* b) noexcept;
    void give_back(burst& b) noexcept;

    std::deque<burst> all_;
    std::vector<burst*> free_;           // without room for payload
    std::vector<burst*> free_payloads_;  // with
    std::size_t in_use_ = 0;
};

inline void intrusive_ptr_add_ref(burst* b) noexcept {
    ++b->references_;
}
inline void intrusive_ptr_release(burst* b) noexcept {
    if (--b->references_ == 0) {
        b->pool_->give_back(*b);
    }
}

}  // namespace d1
