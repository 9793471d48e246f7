#pragma once
// The mesh at `at` as flat arrays: what the model's modules and sockets are measured against.

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "models/noc/arbiter.hpp"
#include "models/noc/credit_lines.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/route_table.hpp"
#include "models/noc/slot_window.hpp"
#include "models/noc/train_limit.hpp"
#include "models/packet/packet_times.hpp"

namespace d1::benchmarks {

/// noc::train_router's way of moving trains, of one message class and with one packet a cycle, on a full mesh without
/// SystemC: routers are numbers, calls are loops, and what happens in a cycle is a list of routers.
class flat_trains {
  public:
    explicit flat_trains(const noc_parameters& p)
        : places_{static_cast<std::int32_t>(p.columns), static_cast<std::int32_t>(p.rows)},
          routes_(places_, {}),
          hop_(p.hop_cycles()),
          inputs_(places_.size() * port_count),
          outputs_(places_.size() * port_count),
          credits_(places_.size() * port_count, p.buffer_depth),
          sources_(places_.size()),
          source_credits_(places_.size(), p.buffer_depth),
          armed_(2 * places_.size(), never),
          wheel_(wheel_size) {
        for (std::uint32_t n = 0; n < places_.size(); ++n) {
            for (const port to : {port::west, port::east, port::north, port::south}) {
                const coordinate there = neighbour(places_.at(static_cast<node_index>(n)), to);
                neighbours_.push_back(places_.contains(there) ? to_number(places_.index(there)) : 0);
            }
        }
    }

    /// A burst comes to its source's queue in cycle `now`, which is to be run yet.
    void send(timing::cycle now, std::uint32_t from, std::uint32_t to, std::uint32_t packets) {
        now_ = now;
        source& s = sources_[from];
        s.waiting.push_back({to, packets, packets == 1});
        arm(places_.size() + from, std::max(now_, s.next_slot));
    }
    /// Simulates cycle `now`.
    void run(timing::cycle now) {
        now_ = now;
        auto& due = wheel_[now % wheel_size];
        for (std::size_t i = 0; i < due.size(); ++i) {  // NOLINT(modernize-loop-convert): it grows meanwhile
            const std::uint32_t who = due[i];
            if (armed_[who] != now) {
                continue;
            }
            armed_[who] = never;
            --pending_;
            if (who >= places_.size()) {
                inject(who - places_.size());
            } else {
                serve(who);
            }
        }
        due.clear();
    }
    [[nodiscard]] bool idle() const noexcept { return pending_ == 0; }
    [[nodiscard]] std::uint64_t checksum() const noexcept { return checksum_; }

  private:
    static constexpr timing::cycle never = ~timing::cycle{0};
    static constexpr std::uint32_t wheel_size = 4096;

    struct train {
        std::uint32_t destination = 0;
        std::uint32_t gone = 0;
        packet_times arrivals;
        std::uint32_t last = 0;  // whether the burst ends with it
        bool is_lone = false;    // a burst of one packet
        std::uint32_t output = 0;
        std::uint32_t next = ~0U;
    };
    struct input {
        std::uint32_t head = ~0U;
        std::uint32_t tail = ~0U;
        timing::cycle earliest = 0;
    };
    struct output {
        noc::slot_window slots{1};
        noc::arbiter inputs;
        noc::train_limit length;
        bool starved = false;
        timing::cycle next_lone = 0;
        std::uint64_t packets = 0;
        std::uint64_t waited = 0;
    };
    struct source {
        struct burst {
            std::uint32_t destination;
            std::uint32_t packets;
            bool is_lone;
        };
        std::vector<burst> waiting;
        std::size_t front = 0;
        timing::cycle next_slot = 0;
    };

    void arm(std::size_t who, timing::cycle at) {
        if (at < armed_[who]) {
            pending_ += armed_[who] == never ? 1U : 0U;
            armed_[who] = at;
            wheel_[at % wheel_size].push_back(static_cast<std::uint32_t>(who));
        }
    }

    void inject(std::uint32_t node) {
        source& s = sources_[node];
        if (s.front == s.waiting.size() || source_credits_.known(node) == 0) {
            return;
        }
        if (const timing::cycle at = std::max(s.next_slot, source_credits_.next(node)); at > now_) {
            arm(places_.size() + node, at);
            return;
        }
        source::burst& b = s.waiting[s.front];
        const std::uint32_t most = std::min(b.packets, source_credits_.known(node));
        packet_times times = packet_times::none();
        s.next_slot = now_;
        for (std::uint32_t i = 0; i < most; ++i) {
            s.next_slot = std::max(s.next_slot, source_credits_.free_from(node, i));
            times.append(s.next_slot++);
        }
        source_credits_.take(node, most);
        b.packets -= most;
        const std::uint32_t destination = b.destination;
        const bool is_lone = b.is_lone;
        const bool last = b.packets == 0;
        if (last && ++s.front == s.waiting.size()) {
            s.waiting.clear();
            s.front = 0;
        }
        arrive(node, to_number(port::local), destination, times, last, is_lone);
        if (s.front != s.waiting.size() && source_credits_.known(node) != 0) {
            arm(places_.size() + node, std::max(s.next_slot, source_credits_.next(node)));
        }
    }

    void arrive(std::uint32_t node, std::uint32_t from, std::uint32_t destination, const packet_times& sent, bool last,
                bool is_lone) {
        input& in = inputs_[node * port_count + from];
        const timing::cycle first = sent.first + hop_;
        if (in.tail != ~0U) {
            train& behind = trains_[in.tail];
            if (behind.last == 0 && behind.arrivals.count + sent.count <= packet_times::capacity) {
                for (std::uint32_t i = 0; i < sent.count; ++i) {
                    behind.arrivals.append(first + sent.offset[i]);
                }
                behind.last = last ? 1 : 0;
                return;
            }
        }
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(trains_.size()));
            trains_.emplace_back();
        }
        const std::uint32_t number = free_.back();
        free_.pop_back();
        train& t = trains_[number];
        t.destination = destination;
        t.gone = 0;
        t.arrivals = sent;
        t.arrivals.first = first;
        t.last = last ? 1 : 0;
        t.is_lone = is_lone;
        t.next = ~0U;
        t.output = to_number(
            routes_.next(static_cast<node_index>(node), static_cast<port>(from), static_cast<node_index>(destination)));
        if (in.tail == ~0U) {
            in.head = number;
            arm(node, std::max(first, in.earliest));
        } else {
            trains_[in.tail].next = number;
        }
        in.tail = number;
    }

    [[nodiscard]] timing::cycle departure(const input& in, std::uint32_t node) {
        const train& t = trains_[in.head];
        output& out = outputs_[node * port_count + t.output];
        const timing::cycle credit = credits_.next(node * port_count + t.output);
        if (credit == never) {
            out.starved = true;
            return never;
        }
        const timing::cycle wanted =
            std::max({now_, t.arrivals.first + t.arrivals.offset[t.gone], in.earliest, credit});
        const timing::cycle free = out.slots.first_free(wanted, now_);
        return t.is_lone ? std::min(free, std::max(wanted, out.next_lone)) : free;
    }

    void serve(std::uint32_t node) {
        std::array<std::uint32_t, port_count> requests{};
        std::array<std::uint32_t, port_count> trains{};  // of the requests
        for (std::uint32_t i = 0; i < port_count; ++i) {
            const input& in = inputs_[node * port_count + i];
            if (in.head != ~0U && departure(in, node) == now_) {
                const train& t = trains_[in.head];
                requests[t.output] |= 1U << i;
                if (!t.is_lone) {
                    trains[t.output] |= 1U << i;
                }
            }
        }
        for (std::uint32_t o = 0; o < port_count; ++o) {
            if (requests[o] != 0) {
                noc::arbiter& turn = outputs_[node * port_count + o].inputs;
                const std::uint32_t i =
                    turn.pick(arbitration_kind::round_robin, requests[o], [](std::uint32_t) { return 0; });
                turn.served(i);
                const bool contended = (trains[o] & (trains[o] - 1)) != 0;
                const bool is_lone = (trains[o] >> i & 1U) == 0;
                pass(node, i, is_lone ? 1 : outputs_[node * port_count + o].length.next(i, contended, now_));
            }
        }
        timing::cycle next = never;
        for (std::uint32_t i = 0; i < port_count; ++i) {
            const input& in = inputs_[node * port_count + i];
            if (in.head != ~0U) {
                next = std::min(next, departure(in, node));
            }
        }
        if (next != never) {
            arm(node, std::max(next, now_ + 1));
        }
    }

    void pass(std::uint32_t node, std::uint32_t from, std::uint32_t limit) {
        input& in = inputs_[node * port_count + from];
        train& t = trains_[in.head];
        const std::uint32_t line = node * port_count + t.output;
        output& out = outputs_[line];
        const std::uint32_t most = std::min({t.arrivals.count - t.gone, credits_.known(line), limit});
        packet_times times = t.arrivals;
        if (t.is_lone) {
            out.slots.take(out.slots.first_free(now_, now_), now_);
            out.waited += now_ - times.first;
            times.first = now_;
            out.next_lone = now_ + 2;
        } else if (t.arrivals.first != now_ || most != t.arrivals.count || credits_.free_from(line, most - 1) > now_ ||
                   !out.slots.take_as_wanted(t.arrivals, now_)) {
            times = packet_times::none();
            timing::cycle earliest = now_;
            for (std::uint32_t i = 0; i < most; ++i) {
                const timing::cycle arrival = t.arrivals.first + t.arrivals.offset[t.gone + i];
                earliest = out.slots.first_free(std::max({earliest, arrival, credits_.free_from(line, i)}), now_);
                if (earliest - now_ >= 48) {
                    break;
                }
                out.slots.take(earliest, now_);
                out.waited += earliest - arrival;
                times.append(earliest++);
            }
        }
        out.packets += times.count;
        const bool is_lone = t.is_lone;
        in.earliest = times.last() + 1;
        t.gone += times.count;
        const std::uint32_t destination = t.destination;
        const std::uint32_t to = t.output;
        const bool is_gone = t.gone == t.arrivals.count;
        const bool last = is_gone && t.last != 0;
        if (is_gone) {
            free_.push_back(in.head);
            in.head = t.next;
            in.tail = in.head == ~0U ? ~0U : in.tail;
        }
        if (to == to_number(port::local)) {
            checksum_ += times.last();
        } else {
            credits_.take(line, times.count);
            arrive(neighbours_[node * 4 + to], to_number(opposite(static_cast<port>(to))), destination, times, last,
                   is_lone);
        }
        give_back(node, from, times);
    }

    void give_back(std::uint32_t node, std::uint32_t from, const packet_times& times) {
        if (from == to_number(port::local)) {
            source& s = sources_[node];
            const bool starved = source_credits_.known(node) == 0;
            source_credits_.give(node, times, hop_);
            if (starved && s.front != s.waiting.size()) {
                arm(places_.size() + node, std::max(s.next_slot, times.first + hop_));
            }
            return;
        }
        const std::uint32_t before = neighbours_[node * 4 + from];
        const std::uint32_t line = before * port_count + to_number(opposite(static_cast<port>(from)));
        output& out = outputs_[line];
        credits_.give(line, times, hop_);
        if (out.starved) {
            out.starved = false;
            arm(before, times.first + hop_);
        }
    }

    grid places_;
    noc::route_table routes_;
    timing::cycle hop_;
    std::vector<input> inputs_;
    std::vector<output> outputs_;
    noc::credit_lines credits_;  // of outputs
    std::vector<source> sources_;
    noc::credit_lines source_credits_;
    std::vector<std::uint32_t> neighbours_;
    std::vector<train> trains_;
    std::vector<std::uint32_t> free_;
    std::vector<timing::cycle> armed_;
    std::vector<std::vector<std::uint32_t>> wheel_;
    timing::cycle now_ = 0;
    std::uint64_t pending_ = 0;
    std::uint64_t checksum_ = 0;
};

}  // namespace d1::benchmarks
