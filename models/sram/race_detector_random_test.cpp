// The race detector against happens-before by its definition, on random traces.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <optional>
#include <random>
#include <vector>

#include "models/sram/race_detector.hpp"

namespace d1 {
namespace {

constexpr node_index at(std::uint32_t n) {
    return static_cast<node_index>(n);
}

constexpr std::uint32_t nodes = 3;
constexpr std::uint32_t threads = 2;
constexpr std::uint32_t memory_bytes = 12;

/// A step of a trace; `a` and `b` name earlier steps.
struct trace_step {
    enum class kind { compute, release, join, acquire, begin, access, reads_done, all_done, end } what{};
    std::uint32_t node = 0;
    std::uint32_t thread = 0;
    std::uint32_t instruction = 0;
    std::optional<node_index> to;
    std::size_t a = 0;
    std::size_t b = 0;
    std::uint32_t address = 0;
    std::uint32_t length = 0;
    bool write = false;

    [[nodiscard]] bool touches() const { return what == kind::compute || what == kind::access; }
    [[nodiscard]] race_party party(const std::vector<trace_step>& trace) const {
        const trace_step& who = what == kind::access ? trace[a] : *this;
        return {at(who.node), who.thread, who.instruction, what == kind::access, write};
    }
};
using trace = std::vector<trace_step>;
using kind = trace_step::kind;

/// Happens before, as a matrix: reach[i][j] if step i comes before step j. Written straight from the definition.
std::vector<std::vector<bool>> closure_of(const trace& t) {
    const std::size_t n = t.size();
    std::vector reach(n, std::vector<bool>(n));
    for (std::size_t j = 0; j < n; ++j) {
        const trace_step& s = t[j];
        for (std::size_t i = 0; i < n; ++i) {
            const trace_step& r = t[i];
            const auto of_a_thread = [](const trace_step& x) {
                return x.what == kind::compute || x.what == kind::release || x.what == kind::acquire ||
                       x.what == kind::begin;
            };
            const bool same_thread = r.node == s.node && r.thread == s.thread;
            // The signal, once sent, is on its own: what it waits for on the way its thread does not learn.
            const bool program_order =
                i < j && of_a_thread(r) && of_a_thread(s) && same_thread && r.what != kind::release;
            const bool names = (s.what == kind::acquire || s.what == kind::access || s.what == kind::reads_done ||
                                s.what == kind::all_done || s.what == kind::join) &&
                               (s.a == i || (s.what == kind::join && s.b == i));
            const bool done = r.what == kind::access && r.a == s.a &&
                              (s.what == kind::all_done || (s.what == kind::reads_done && !r.write));
            // Pushes of the thread to where the signal goes, issued before it.
            const trace_step& sender = s.what == kind::all_done ? t[s.a] : s;
            const std::size_t sent = s.what == kind::all_done ? s.a : j;
            const bool pushed = r.what == kind::access && (s.what == kind::release || s.what == kind::all_done) &&
                                r.a < sent && t[r.a].to && t[r.a].to == sender.to && t[r.a].node == sender.node &&
                                t[r.a].thread == sender.thread;
            reach[i][j] = program_order || names || done || pushed;
        }
    }
    for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; reach[i][k] && j < n; ++j) {
                reach[i][j] = reach[i][j] || reach[k][j];
            }
        }
    }
    return reach;
}

[[nodiscard]] bool race_of(const trace& t, const std::vector<std::vector<bool>>& reach, std::size_t i, std::size_t j) {
    const trace_step& x = t[i];
    const trace_step& y = t[j];
    const bool same_writes = x.what == kind::access && y.what == kind::access && x.a == y.a && x.write && y.write;
    return x.touches() && y.touches() && x.node == y.node && (x.write || y.write) && !same_writes && !reach[i][j] &&
           !reach[j][i] && x.address < y.address + y.length && y.address < x.address + x.length;
}

/// Here an access's node is that of the memory. Knowledge is acquired once all it covers has happened, as in the model.
trace random_trace(std::mt19937_64& random, std::size_t length) {
    const auto below = [&random](std::size_t n) { return static_cast<std::uint32_t>(random() % n); };
    struct open_transfer {
        std::size_t begin;
        std::uint32_t source;
        std::uint32_t destination;
        int reads_left;
        int writes_left;
    };
    trace t;
    std::vector<open_transfer> open;
    std::vector<std::size_t> pieces;  // of knowledge, that may be acquired
    const auto settled = [&](std::size_t before, const trace_step& sender) {
        return std::ranges::none_of(open, [&](const open_transfer& o) {
            const trace_step& begin = t[o.begin];
            return o.begin < before && begin.to && begin.to == sender.to && begin.node == sender.node &&
                   begin.thread == sender.thread;
        });
    };
    while (t.size() < length) {
        trace_step s{.node = below(nodes), .thread = below(threads), .instruction = below(3), .to = {}};
        s.address = below(memory_bytes - 1);
        s.length = 1 + below(std::min<std::uint32_t>(3, memory_bytes - s.address));
        switch (below(8)) {
            case 0:
                s.what = kind::compute;
                s.instruction += 10;
                s.write = below(3) == 0;
                t.push_back(s);
                break;
            case 1:
                s.what = kind::release;
                if (below(2) == 0) s.to = at(below(nodes));
                if (settled(t.size(), s)) {
                    pieces.push_back(t.size());
                    t.push_back(s);
                }
                break;
            case 2:
            case 3:
                if (pieces.empty()) break;
                s.what = below(4) == 0 ? kind::join : kind::acquire;
                s.a = pieces[below(pieces.size())];
                s.b = pieces[below(pieces.size())];
                if (s.what == kind::join) pieces.push_back(t.size());
                t.push_back(s);
                break;
            case 4: {
                s.what = kind::begin;
                const bool is_push = below(2) == 0;
                const std::uint32_t other = below(nodes);
                if (is_push && below(3) != 0) s.to = at(other);
                open.push_back({t.size(), is_push ? s.node : other, is_push ? other : s.node, 2, 2});
                t.push_back(s);
                break;
            }
            default: {
                if (open.empty()) break;
                const std::size_t chosen = below(open.size());
                open_transfer& o = open[chosen];
                const std::size_t begin = o.begin;
                s.a = begin;
                if (o.reads_left + o.writes_left != 0) {
                    s.what = kind::access;
                    s.write = o.reads_left == 0 || (o.writes_left > o.reads_left && below(2) == 0);
                    s.node = s.write ? o.destination : o.source;
                    --(s.write ? o.writes_left : o.reads_left);
                    t.push_back(s);
                    if (o.reads_left == 0 && !s.write && below(2) == 0) {
                        s.what = kind::reads_done;
                        pieces.push_back(t.size());
                        t.push_back(s);
                    }
                } else if (settled(begin, t[begin])) {
                    s.what = below(3) == 0 ? kind::end : kind::all_done;
                    if (s.what == kind::all_done) pieces.push_back(t.size());
                    t.push_back(s);
                    open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
                }
                break;
            }
        }
    }
    return t;
}

/// Feeds the steps, accesses cut down to [first, end); returns the index of the first access that was found to race.
std::size_t feed(race_detector& d, const trace& t, std::uint32_t first, std::uint32_t end) {
    std::vector<std::uint32_t> result(t.size());  // a handle or a transfer
    std::size_t racing = t.size();
    for (std::size_t i = 0; i < t.size(); ++i) {
        const trace_step& s = t[i];
        const std::uint32_t from = std::max(first, s.address);
        const std::uint32_t to = std::min(end, s.address + s.length);
        const std::int64_t length = std::int64_t{to} - from;
        switch (s.what) {
            case kind::compute:
                d.thread_access(at(s.node), s.thread, s.instruction, from, length, s.write);
                break;
            case kind::release:
                result[i] = d.release(at(s.node), s.thread, s.to);
                break;
            case kind::join:
                result[i] = d.join(result[s.a], result[s.b]);
                break;
            case kind::acquire:
                d.acquire(at(s.node), s.thread, result[s.a]);
                break;
            case kind::begin:
                result[i] = d.begin_transfer(at(s.node), s.thread, s.instruction, s.to);
                break;
            case kind::access:
                d.transfer_access(result[s.a], at(s.node), from, length, s.write);
                break;
            case kind::reads_done:
                result[i] = d.reads_done(result[s.a]);
                break;
            case kind::all_done:
                result[i] = d.all_done(result[s.a]);
                [[fallthrough]];
            case kind::end:
                d.end_transfer(result[s.a]);
                break;
        }
        if (racing == t.size() && d.race_count() != 0) {
            racing = i;
        }
    }
    return racing;
}

/// The first access of the trace that races with an earlier one on [first, end).
std::size_t first_racing(const trace& t, const std::vector<std::vector<bool>>& reach, std::uint32_t first,
                         std::uint32_t end) {
    trace cut = t;
    for (trace_step& s : cut) {
        const std::uint32_t to = std::min(end, s.address + s.length);
        s.address = std::max(first, s.address);
        s.length = to > s.address ? to - s.address : 0;
    }
    for (std::size_t j = 0; j < t.size(); ++j) {
        for (std::size_t i = 0; i < j; ++i) {
            if (cut[i].length != 0 && cut[j].length != 0 && race_of(cut, reach, i, j)) {
                return j;
            }
        }
    }
    return t.size();
}

TEST(race_detector_random, agrees_with_the_transitive_closure_of_random_traces) {
    std::array<std::size_t, 2> whole_traces{};  // without and with a race
    std::array<std::size_t, 2> single_bytes{};
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        trace t = random_trace(random, 20 + seed % 100);
        const auto reach = closure_of(t);
        race_detector whole(nodes, threads);
        ASSERT_EQ(feed(whole, t, 0, memory_bytes), first_racing(t, reach, 0, memory_bytes));
        ++whole_traces[whole.race_count() != 0];
        for (const race& r : whole.races()) {  // each is real, on each of its bytes
            for (std::uint32_t byte = r.address; byte < r.address + r.bytes; ++byte) {
                bool real = false;
                for (std::size_t j = 0; j < t.size() && !real; ++j) {
                    for (std::size_t i = 0; i < j && !real; ++i) {
                        const auto covers = [&](const trace_step& s, const race_party& p) {
                            return s.touches() && at(s.node) == r.memory && s.address <= byte &&
                                   byte < s.address + s.length && s.party(t) == p;
                        };
                        real = covers(t[i], r.earlier) && covers(t[j], r.later) && race_of(t, reach, i, j);
                    }
                }
                ASSERT_TRUE(real) << to_string(r);
            }
        }
        for (std::uint32_t byte = 0; byte < memory_bytes; ++byte) {  // for each byte the first one is found
            race_detector one(nodes, threads);
            ASSERT_EQ(feed(one, t, byte, byte + 1), first_racing(t, reach, byte, byte + 1)) << "byte " << byte;
            ++single_bytes[one.race_count() != 0];
        }
        for (std::size_t j; (j = first_racing(t, reach, 0, memory_bytes)) != t.size();) {
            t[j].length = 0;
        }
        race_detector mended(nodes, threads);  // and once the racing accesses are gone, there is none
        ASSERT_EQ(feed(mended, t, 0, memory_bytes), t.size()) << to_string(mended.races()[0]);
    }
    std::cout << "seeds 1..400: " << whole_traces[1] << " traces with a race, " << whole_traces[0] << " without; "
              << single_bytes[1] << " bytes with, " << single_bytes[0] << " without\n";
    EXPECT_GT(single_bytes[1], 400U);
    EXPECT_GT(single_bytes[0], 400U);
}

}  // namespace
}  // namespace d1
