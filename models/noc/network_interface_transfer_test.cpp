// What a network interface brings where, and in which order.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "models/noc/interface_bench.hpp"
#include "models/noc/network_interface.hpp"

namespace d1::noc {
namespace {

interface_bench::settings grid_of(std::uint32_t columns, std::uint32_t rows, timing_kind timing = timing_kind::at) {
    interface_bench::settings s;
    s.noc.columns = columns;
    s.noc.rows = rows;
    s.timing = timing;
    return s;
}

/// Random numbers, the same on every host.
class dice {
  public:
    explicit dice(std::uint32_t seed) : bits_(seed) {}
    /// From `low` to `high`, both included.
    std::uint32_t operator()(std::uint32_t low, std::uint32_t high) {
        return low + static_cast<std::uint32_t>(bits_() % (high - low + 1));
    }

  private:
    std::mt19937 bits_;
};

// ---------------------------------------------------------------------------------------------------- bytes

/// Transfers between random nodes. Sources lie in the lower half of each memory, which nobody writes; every destination
/// is a region of its own in the upper half, which nobody reads.
class random_transfers {
  public:
    static constexpr std::uint32_t half = 655360;
    static constexpr std::uint32_t source_reach = 600000;

    random_transfers(const grid& places, std::uint32_t seed)
        : places_(places), roll_(seed), upper_(places.size(), half) {
        for (int i = 0; i < 150; ++i) {
            add();
        }
    }

    void run(interface_bench& b) {
        std::mt19937 content(7);
        for (std::uint32_t n = 0; n < places_.size(); ++n) {
            const auto memory = b.memory(places_.at(static_cast<node_index>(n)));
            std::generate_n(memory.begin(), half, [&] { return static_cast<std::byte>(content()); });
        }
        std::vector<interface_bench::watch*> done;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            const item& t = all_[i];
            const bool is_push = t.operation == dma_operation::push;
            const auto semaphore = static_cast<std::uint32_t>(i % 64);
            const semaphore_signal signal{semaphore, 1};
            if (is_push) {
                b.push(t.at, t.from, t.to, t.geometry, {.done = {}, .notify = signal});
            } else {
                b.pull(t.at, t.to, t.from, t.geometry, {.done = signal, .notify = {}});
            }
            done.push_back(&b.await(t.to, semaphore, 1));
        }
        sc_core::sc_start();
        b.expect_idle();
        for (const auto* d : done) {
            EXPECT_TRUE(d->granted);
        }
    }

    /// The upper halves as plain copies leave them.
    [[nodiscard]] std::vector<std::vector<std::byte>> expected(interface_bench& b) const {
        std::vector<std::vector<std::byte>> all(places_.size());
        for (std::uint32_t n = 0; n < places_.size(); ++n) {
            const auto memory = b.memory(places_.at(static_cast<node_index>(n)));
            all[n].assign(memory.begin(), memory.end());
            std::fill(all[n].begin() + half, all[n].end(), std::byte{0});
        }
        for (const item& t : all_) {
            const auto& g = t.geometry;
            const auto from = b.memory(t.from);
            auto& to = all[to_number(places_.index(t.to))];
            for (std::int64_t r = 0; r < g.rows; ++r) {
                std::memcpy(to.data() + g.destination + r * g.destination_stride,
                            from.data() + g.source + r * g.source_stride, g.row_bytes);
            }
        }
        return all;
    }

    [[nodiscard]] std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const item& t : all_) {
            sum += t.geometry.bytes();
        }
        return sum;
    }

  private:
    struct item {
        timing::cycle at;
        dma_operation operation;
        coordinate from;
        coordinate to;
        transfer_geometry geometry;
    };

    coordinate somewhere() { return places_.at(static_cast<node_index>(roll_(0, places_.size() - 1))); }

    void add() {
        item t{
            roll_(0, 3000), roll_(0, 1) != 0 ? dma_operation::push : dma_operation::pull, somewhere(), somewhere(), {}};
        auto& g = t.geometry;
        g.rows = roll_(1, 12);
        g.row_bytes = roll_(0, 3) == 0 ? 64 * roll_(1, 8) : roll_(1, 400);
        const std::uint32_t source_stride = g.row_bytes + roll_(0, 200);
        const std::uint32_t destination_stride = g.row_bytes + roll_(0, 100);
        auto& free = upper_[to_number(places_.index(t.to))];
        g.source = roll_(0, source_reach);
        g.source_stride = source_stride;
        g.destination = free + roll_(0, 130);
        g.destination_stride = destination_stride;
        free = static_cast<std::uint32_t>(g.destination) + g.rows * destination_stride;
        if (roll_(0, 3) == 0) {  // the same rows from the last to the first
            g.source += (g.rows - 1) * g.source_stride;
            g.source_stride = -g.source_stride;
        }
        if (roll_(0, 3) == 0) {
            g.destination += (g.rows - 1) * g.destination_stride;
            g.destination_stride = -g.destination_stride;
        }
        if (roll_(0, 9) == 0) {
            g.source_stride = 0;  // one row again and again
        }
        all_.push_back(t);
    }

    grid places_;
    dice roll_;
    std::vector<std::uint32_t> upper_;
    std::vector<item> all_;
};

void expect_bytes_of_plain_copies(const interface_bench::settings& s, std::uint32_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    interface_bench b("b", s);
    random_transfers transfers(b.places(), seed);
    transfers.run(b);
    const auto expected = transfers.expected(b);
    std::uint64_t received = 0;
    for (std::uint32_t n = 0; n < b.places().size(); ++n) {
        const coordinate c = b.places().at(static_cast<node_index>(n));
        EXPECT_TRUE(std::ranges::equal(b.memory(c), expected[n])) << "node " << n;
        received += b.interface(c).count().bytes_received;
    }
    EXPECT_EQ(received, transfers.bytes());
}

TEST(network_interface_transfer, copies_rows_of_any_stride_and_alignment) {
    expect_bytes_of_plain_copies(grid_of(3, 2), 21);
}

TEST(network_interface_transfer, copies_the_same_when_loosely_timed) {
    expect_bytes_of_plain_copies(grid_of(3, 2, timing_kind::lt), 22);
}

TEST(network_interface_transfer, copies_the_same_with_the_smallest_queues_and_bursts) {
    auto s = grid_of(2, 2);
    s.noc.buffer_depth = 1;
    s.network_interface.engines = 1;
    s.network_interface.queue_depth = 1;
    s.network_interface.max_outstanding = 1;
    s.network_interface.burst_packets = 1;
    expect_bytes_of_plain_copies(s, 23);
}

TEST(network_interface_transfer, copies_the_same_with_wide_links_and_ports) {
    auto s = grid_of(4, 2);
    s.noc.link_packets_per_cycle = 4;
    s.noc.injection_packets_per_cycle = 2;
    s.noc.ejection_packets_per_cycle = 4;
    s.sram.mesh_read_ports = 3;
    s.sram.mesh_write_ports = 2;
    s.network_interface.burst_packets = 7;
    expect_bytes_of_plain_copies(s, 24);
}

TEST(network_interface_transfer, copies_from_a_node_to_itself) {
    expect_bytes_of_plain_copies(grid_of(1, 1), 25);
}

TEST(network_interface_transfer, moves_no_bytes_and_takes_the_same_cycles_where_payloads_are_off) {
    constexpr std::uint32_t seed = 26;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto s = grid_of(3, 2);
    auto off = s;
    off.functional = false;
    interface_bench with("with", s);
    interface_bench without("without", off);
    random_transfers first(with.places(), seed);
    random_transfers second(with.places(), seed);
    first.run(with);
    const timing::cycle cycles_with = with.events().now();
    second.run(without);
    EXPECT_EQ(without.events().now(), cycles_with);
    for (std::uint32_t n = 0; n < with.places().size(); ++n) {
        const coordinate c = with.places().at(static_cast<node_index>(n));
        EXPECT_EQ(with.interface(c).last_arrival(), without.interface(c).last_arrival());
        EXPECT_EQ(with.interface(c).longest_chain(), without.interface(c).longest_chain());
        EXPECT_EQ(with.interface(c).count().bytes_received, without.interface(c).count().bytes_received);
        EXPECT_EQ(with.interface(c).count().mesh_read_lines, without.interface(c).count().mesh_read_lines);
        const auto memory = without.memory(c).subspan(random_transfers::half);
        EXPECT_TRUE(std::ranges::all_of(memory, [](std::byte x) { return x == std::byte{0}; }));
    }
}

TEST(network_interface_transfer, gives_the_same_again_after_a_reset) {
    constexpr std::uint32_t seed = 27;
    SCOPED_TRACE("seed " + std::to_string(seed));
    interface_bench b("b", grid_of(3, 2));
    statistics::group top;
    for (std::uint32_t n = 0; n < b.places().size(); ++n) {
        b.interface(b.places().at(static_cast<node_index>(n)))
            .register_statistics(top.child(std::string("n[").append(std::to_string(n)).append("]")));
    }
    const auto run = [&] {
        random_transfers(b.places(), seed).run(b);
        std::vector<std::uint64_t> facts{b.events().now(), b.events().served()};
        top.visit([&](const std::string&, const statistics::counter_entry& c) { facts.push_back(c.value()); });
        for (const std::byte x : b.memory({1, 1})) {
            facts.push_back(static_cast<std::uint64_t>(x));
        }
        return facts;
    };
    const auto first = run();
    b.reset();
    EXPECT_EQ(b.interface({1, 1}).count().packets_sent, 0U);
    EXPECT_EQ(run(), first);
}

TEST(network_interface_transfer, reads_a_source_no_earlier_than_its_burst_goes_out) {
    interface_bench b("b", grid_of(2, 1));
    // A push of 100 bursts from the node, and a small one into its last bytes, which arrives before they are read.
    std::ranges::fill(b.memory({1, 0}).first(64), std::byte{9});
    b.push(0, {0, 0}, {1, 0}, {0, 131072, 0, 0, 1, 102400});
    b.push(100, {1, 0}, {0, 0}, {0, 102400 - 64, 0, 0, 1, 64});
    sc_core::sc_start();
    EXPECT_EQ(b.memory({1, 0})[131072 + 102399], std::byte{9});
    EXPECT_EQ(b.memory({1, 0})[131072 + 102399 - 64], std::byte{0});
}

// ---------------------------------------------------------------------------------------------------- order

class network_interface_order : public testing::TestWithParam<timing_kind> {};
INSTANTIATE_TEST_SUITE_P(levels, network_interface_order,
                         testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca), timing_name);

TEST_P(network_interface_order, lets_a_source_be_overwritten_once_its_push_is_done) {
    interface_bench b("b", grid_of(4, 1, GetParam()));
    std::ranges::fill(b.memory({0, 0}).first(16384), std::byte{1});
    b.await({0, 0}, 0, 1, [&] { std::ranges::fill(b.memory({0, 0}).first(16384), std::byte{2}); });
    b.push(0, {0, 0}, {3, 0}, {0, 65536, 0, 0, 1, 16384}, {.done = semaphore_signal{0, 1}, .notify = {}});
    sc_core::sc_start();
    const auto arrived = b.memory({3, 0}).subspan(65536, 16384);
    EXPECT_TRUE(std::ranges::all_of(arrived, [](std::byte x) { return x == std::byte{1}; }));
    EXPECT_EQ(b.memory({0, 0})[0], std::byte{2});
}

TEST_P(network_interface_order, signals_a_pull_when_its_last_byte_is_there) {
    interface_bench b("b", grid_of(4, 1, GetParam()));
    std::ranges::fill(b.memory({3, 0}).first(20000), std::byte{5});
    bool complete = false;
    const auto& done = b.await({0, 0}, 0, 1, [&] {
        const auto bytes = b.memory({0, 0}).subspan(65536, 20000);
        complete = std::ranges::all_of(bytes, [](std::byte x) { return x == std::byte{5}; });
    });
    b.pull(0, {0, 0}, {3, 0}, {0, 65536, 0, 0, 1, 20000}, {.done = semaphore_signal{0, 1}, .notify = {}});
    sc_core::sc_start();
    EXPECT_TRUE(done.granted);
    EXPECT_TRUE(complete);
}

/// Every node sends pushes, with and without a signal behind them, and signals of their own to random nodes. Whenever
/// one of these signals arrives, all that its node pushed to that place before must be there.
void expect_signals_to_follow_data(const interface_bench::settings& s, std::uint32_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    interface_bench b("b", s);
    dice roll(seed);
    struct sent {
        coordinate to;
        std::uint32_t begin;
        std::uint32_t bytes;
    };
    const std::uint32_t nodes = b.places().size();
    std::vector<std::uint32_t> next_region(nodes, 131072);
    std::vector<std::uint32_t> next_semaphore(nodes, 0);
    std::size_t signals = 0;
    std::size_t late = 0;
    std::vector<std::vector<sent>> history(nodes);
    for (std::uint32_t n = 0; n < nodes; ++n) {
        std::ranges::fill(b.memory(b.places().at(static_cast<node_index>(n))).first(8192), std::byte{1});
    }
    for (timing::cycle t = 0; t < 60; ++t) {
        for (std::uint32_t n = 0; n < nodes; ++n) {
            const coordinate from = b.places().at(static_cast<node_index>(n));
            const std::uint32_t remote = roll(0, nodes - 1);
            const coordinate to = b.places().at(static_cast<node_index>(remote));
            std::optional<semaphore_signal> signal;
            const bool plain_signal = roll(0, 3) == 0;
            const std::uint32_t bytes = roll(1, 8000);
            if (!plain_signal) {
                history[n].push_back({to, next_region[remote], bytes});
                next_region[remote] += bytes;
            }
            if ((plain_signal || roll(0, 1) == 0) && next_semaphore[remote] < s.sram.semaphores) {
                signal = semaphore_signal{next_semaphore[remote]++, 1};
                ++signals;
                std::vector<sent> before;
                std::ranges::copy_if(history[n], std::back_inserter(before), [&](const sent& x) { return x.to == to; });
                b.await(to, static_cast<std::uint32_t>(signal->semaphore), 1, [&b, &late, before] {
                    for (const sent& x : before) {
                        const auto there = b.memory(x.to).subspan(x.begin, x.bytes);
                        late += std::ranges::any_of(there, [](std::byte v) { return v != std::byte{1}; });
                    }
                });
            }
            if (!plain_signal) {
                const sent& x = history[n].back();
                b.push(10 * t, from, to, {roll(0, 192), x.begin, 0, 0, 1, bytes}, {.done = {}, .notify = signal});
            } else if (signal) {
                b.signal(10 * t, from, to, *signal);
            }
        }
    }
    sc_core::sc_start();
    b.expect_idle();
    EXPECT_EQ(late, 0U);
    EXPECT_GT(signals, 60U);
    std::uint64_t waiting = 0;
    for (std::uint32_t n = 0; n < nodes; ++n) {
        for (std::uint32_t i = 0; i < next_semaphore[n]; ++i) {
            waiting += b.semaphore(b.places().at(static_cast<node_index>(n)), i);
        }
    }
    EXPECT_EQ(waiting, 0U);  // every signal has met the one that waits for it
}

TEST_P(network_interface_order, lets_a_signal_follow_the_data_pushed_before_it) {
    expect_signals_to_follow_data(grid_of(3, 2, GetParam()), 31);
}

TEST_P(network_interface_order, lets_a_signal_follow_the_data_with_the_smallest_queues_and_buffers) {
    auto s = grid_of(2, 2, GetParam());
    s.sram.semaphores = 256;
    s.noc.buffer_depth = 1;
    s.network_interface.engines = 7;
    s.network_interface.queue_depth = 1;
    s.network_interface.max_outstanding = 3;
    expect_signals_to_follow_data(s, 32);
}

TEST_P(network_interface_order, lets_the_last_of_two_pushes_to_one_place_stand) {
    interface_bench b("b", grid_of(4, 4, GetParam()));
    dice roll(33);
    // One engine's transfers follow each other; several engines take turns, so the second waits for the first one's
    // end.
    for (std::uint32_t n = 0; n < 16; ++n) {
        const coordinate c = b.places().at(static_cast<node_index>(n));
        std::ranges::fill(b.memory(c).first(64), std::byte{1});
        std::ranges::fill(b.memory(c).subspan(64, 64), std::byte{2});
        const coordinate hub{0, 3};
        b.push(10 * roll(0, 20), c, hub, {0, 131072 + 64 * n, 0, 0, 1, 64});
        b.push(10 * roll(20, 21) + 1, c, hub, {64, 131072 + 64 * n, 0, 0, 1, 64});
    }
    sc_core::sc_start();
    const auto bytes = b.memory({0, 3}).subspan(131072, 16 * 64);
    EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte x) { return x == std::byte{2}; }));
}

}  // namespace
}  // namespace d1::noc
