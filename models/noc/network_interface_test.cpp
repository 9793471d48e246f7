// When a network interface does what; what arrives is in network_interface_transfer_test.cpp.

#include "models/noc/network_interface.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "models/noc/interface_bench.hpp"
#include "models/reporting/expect_report.hpp"

namespace d1::noc {
namespace {

using reporting::expect_report;

interface_bench::settings line_of(std::uint32_t columns) {
    interface_bench::settings s;
    s.noc.columns = columns;
    s.noc.rows = 1;
    return s;
}

/// From a burst's injection to its first packet's bytes being visible at the other end, alone on the mesh.
std::uint64_t way(const interface_bench::settings& s, std::uint32_t hops) {
    return (hops + 1) * std::uint64_t{s.noc.pipeline_stages + s.noc.link_latency} + 1 + s.noc.link_latency +
           s.network_interface.arrival_cycles;
}

/// What holds with contention, reserved or packet by packet.
class network_interface_timed : public testing::TestWithParam<timing_kind> {
  protected:
    [[nodiscard]] static interface_bench::settings line_of(std::uint32_t columns) {
        auto s = noc::line_of(columns);
        s.timing = GetParam();
        return s;
    }
};
INSTANTIATE_TEST_SUITE_P(levels, network_interface_timed, testing::Values(timing_kind::at, timing_kind::ca),
                         timing_name);

// ---------------------------------------------------------------------------------------------------- zero load

/// Different figures everywhere, so that none can stand in for another.
interface_bench::settings distinct_figures(timing_kind timing) {
    interface_bench::settings s = line_of(8);
    s.timing = timing;
    s.noc.pipeline_stages = 2;
    s.noc.link_latency = 1;
    s.network_interface.request_cycles = 11;
    s.network_interface.signal_cycles = 7;
    s.network_interface.reply_cycles = 17;
    s.network_interface.arrival_cycles = 5;
    return s;
}

void expect_zero_load_times(interface_bench& b, const interface_bench::settings& s) {
    for (std::int32_t hops = 0; hops < 8; ++hops) {
        b.reset();
        const coordinate near{0, 0};
        const coordinate far{hops, 0};
        const std::uint64_t one_way = way(s, static_cast<std::uint32_t>(hops));
        auto& source_read = b.await(near, 1, 1);
        auto& notified = b.await(far, 2, 1);
        auto& pulled = b.await(near, 3, 1);
        auto& signalled = b.await(far, 4, 1);
        b.push(1000, near, far, row(0, 4096, 10 * 64),
               {.done = semaphore_signal{1, 1}, .notify = semaphore_signal{2, 1}});
        b.pull(2000, near, far, row(0, 8192, 10 * 64), {.done = semaphore_signal{3, 1}, .notify = {}});
        b.signal(3000, near, far, {4, 1});
        sc_core::sc_start();
        EXPECT_EQ(source_read.granted, 1000 + 11 + 10U);
        EXPECT_EQ(notified.granted, 1000 + 11 + 10 + one_way);  // the packet behind the ten
        EXPECT_EQ(pulled.granted, 2000 + 11 + one_way + 17 + 9 + one_way);
        EXPECT_EQ(signalled.granted, 3000 + 7 + one_way);
        b.expect_idle();
    }
}

TEST(network_interface, takes_the_stated_cycles_on_an_empty_mesh) {
    const auto s = distinct_figures(timing_kind::at);
    interface_bench b("b", s);
    expect_zero_load_times(b, s);
}

TEST(network_interface, takes_the_same_cycles_packet_by_packet) {
    const auto s = distinct_figures(timing_kind::ca);
    interface_bench b("b", s);
    expect_zero_load_times(b, s);
}

TEST(network_interface, takes_the_same_cycles_when_loosely_timed) {
    const auto s = distinct_figures(timing_kind::lt);
    interface_bench b("b", s);
    expect_zero_load_times(b, s);
}

TEST_P(network_interface_timed, spends_two_cycles_of_the_read_port_on_a_packet_from_two_lines) {
    interface_bench b("b", line_of(2));
    auto& aligned = b.await({0, 0}, 1, 1);
    auto& unaligned = b.await({0, 0}, 2, 1);
    b.push(0, {0, 0}, {1, 0}, row(0, 65536, 100 * 64), {.done = semaphore_signal{1, 1}, .notify = {}});
    b.push(1000, {0, 0}, {1, 0}, row(32, 65536, 100 * 64), {.done = semaphore_signal{2, 1}, .notify = {}});
    sc_core::sc_start();
    EXPECT_EQ(aligned.granted, 6 + 100U);
    EXPECT_EQ(unaligned.granted, 1000 + 6 + 200U);
    EXPECT_EQ(b.interface({0, 0}).count().mesh_read_lines, 300U);
    EXPECT_EQ(b.interface({1, 0}).count().mesh_write_lines, 200U);
    b.expect_idle();
}

// ---------------------------------------------------------------------------------------------------- bandwidth

/// Bytes per cycle of one long transfer over `hops` links.
double bandwidth(interface_bench& b, dma_operation operation, std::uint32_t hops, std::uint32_t rows,
                 std::uint32_t row_bytes) {
    b.reset();
    const coordinate near{0, 0};
    const coordinate far{static_cast<std::int32_t>(hops), 0};
    // The same rows again and again: a stream longer than the memory.
    const transfer_geometry g{0, 131072, 0, 0, rows, row_bytes};
    auto& end = b.await(operation == dma_operation::push ? far : near, 1, 1);
    if (operation == dma_operation::push) {
        b.push(0, near, far, g, {.done = {}, .notify = semaphore_signal{1, 1}});
    } else {
        b.pull(0, near, far, g, {.done = semaphore_signal{1, 1}, .notify = {}});
    }
    sc_core::sc_start();
    b.expect_idle();
    return static_cast<double>(g.bytes()) / static_cast<double>(end.granted.value());
}

TEST_P(network_interface_timed, pushes_and_pulls_64_bytes_a_cycle) {
    interface_bench b("b", line_of(4));
    for (const std::uint32_t hops : {1U, 3U}) {
        EXPECT_NEAR(bandwidth(b, dma_operation::push, hops, 100, 16384), 64, 0.64);
        EXPECT_NEAR(bandwidth(b, dma_operation::pull, hops, 100, 16384), 64, 0.64);
    }
}

TEST_P(network_interface_timed, shares_a_nodes_one_way_in_and_out_between_its_data_and_its_answers) {
    interface_bench b("b", line_of(1));
    EXPECT_NEAR(bandwidth(b, dma_operation::push, 0, 100, 16384), 64 * 16 / 17.0, 0.6);
    EXPECT_NEAR(bandwidth(b, dma_operation::pull, 0, 100, 16384), 64 * 16 / 17.0, 0.6);
}

TEST_P(network_interface_timed, ejects_64_bytes_a_cycle_however_many_send) {
    auto s = line_of(5);
    s.noc.link_packets_per_cycle = 4;
    interface_bench b("b", s);
    std::vector<interface_bench::watch*> ends;
    for (int x : {0, 1, 3, 4}) {
        ends.push_back(&b.await({2, 0}, static_cast<std::uint32_t>(x), 1));
        b.push(0, {x, 0}, {2, 0}, {0, 131072 + 65536 * x, 0, 0, 10, 65536},
               {.done = {}, .notify = semaphore_signal{x, 1}});
    }
    sc_core::sc_start();
    timing::cycle last = 0;
    for (const auto* e : ends) {
        last = std::max(last, e->granted.value());
    }
    EXPECT_NEAR(4.0 * 10 * 65536 / static_cast<double>(last), 64, 0.64);
    b.expect_idle();
}

TEST_P(network_interface_timed, reaches_what_the_window_allows_for_a_round_trip) {
    struct variant {
        std::uint32_t window;
        std::uint32_t packets;
        interface_bench::settings s;
        std::unique_ptr<interface_bench> b;
    };
    std::vector<variant> all;
    for (const std::uint32_t window : {1U, 2U, 5U, 8U}) {
        for (const std::uint32_t packets : {1U, 3U, 16U}) {
            variant v{window, packets, line_of(12), nullptr};
            v.s.network_interface.max_outstanding = window;
            v.s.network_interface.burst_packets = packets;
            v.s.network_interface.reply_cycles = 9;
            const std::string name = std::string("b").append(std::to_string(100 * window + packets));
            v.b = std::make_unique<interface_bench>(name.c_str(), v.s);
            all.push_back(std::move(v));
        }
    }
    for (variant& v : all) {
        for (const std::uint32_t hops : {1U, 4U, 11U}) {
            const std::uint64_t one_way = way(v.s, hops);
            // Out with the last packet, an answer a cycle later, back, and the next injection a cycle after that.
            const std::uint64_t push_trip = (v.packets - 1) + one_way + 1 + one_way + 1;
            const std::uint64_t pull_trip = one_way + 9 + (v.packets - 1) + one_way + 1;
            const auto limit = [&v](std::uint64_t trip) {
                return std::min(64.0, v.window * v.packets * 64.0 / static_cast<double>(trip));
            };
            const std::uint32_t row_bytes = v.window * v.packets * 64;
            SCOPED_TRACE(std::to_string(v.window) + " bursts of " + std::to_string(v.packets) + " packets over " +
                         std::to_string(hops) + " links");
            EXPECT_NEAR(bandwidth(*v.b, dma_operation::push, hops, 500, row_bytes), limit(push_trip),
                        limit(push_trip) / 100);
            EXPECT_NEAR(bandwidth(*v.b, dma_operation::pull, hops, 500, row_bytes), limit(pull_trip),
                        limit(pull_trip) / 100);
        }
    }
}

TEST(network_interface, has_no_window_when_loosely_timed) {
    auto s = line_of(12);
    s.timing = timing_kind::lt;
    s.network_interface.max_outstanding = 1;
    interface_bench b("b", s);
    EXPECT_NEAR(bandwidth(b, dma_operation::push, 11, 100, 16384), 64, 0.64);
    EXPECT_NEAR(bandwidth(b, dma_operation::pull, 11, 100, 16384), 64, 0.64);
}

TEST(network_interface, lets_requests_go_between_the_packets_of_its_data_as_ca_does) {
    auto s = line_of(3);
    s.timing = timing_kind::at;
    interface_bench at("at", s);
    s.timing = timing_kind::ca;
    interface_bench ca("ca", s);
    constexpr std::uint32_t pulls = 24;
    std::array<std::vector<const interface_bench::watch*>, 2> granted;
    for (interface_bench* const b : {&at, &ca}) {
        b->push(0, {0, 0}, {1, 0}, row(0, 0, 65536));
        for (std::uint32_t i = 0; i < pulls; ++i) {
            // The data leaves a packet a cycle, in trains of eight; requests come to any place in them.
            granted[b == &ca ? 1 : 0].push_back(&b->await({0, 0}, i, 1));
            b->pull(200 + 37 * timing::cycle{i}, {0, 0}, {2, 0}, row(0, 65536 + 64 * std::int64_t{i}, 64),
                    {.done = semaphore_signal{i, 1}, .notify = {}});
        }
    }
    sc_core::sc_start();
    for (std::uint32_t i = 0; i < pulls; ++i) {
        EXPECT_EQ(granted[0][i]->granted, granted[1][i]->granted) << "pull " << i;
    }
}

// ---------------------------------------------------------------------------------------------------- queues

TEST_P(network_interface_timed, takes_as_many_commands_as_engines_and_queue_hold_and_keeps_the_others_waiting) {
    auto s = line_of(2);
    s.network_interface.engines = 1;
    s.network_interface.queue_depth = 2;
    interface_bench b("b", s);
    std::vector<const interface_bench::command*> commands;
    auto& all = b.await({1, 0}, 0, 8);
    for (int i = 0; i < 8; ++i) {
        commands.push_back(&b.push(100, {0, 0}, {1, 0}, row(0, 65536 + 4096 * i, 4096),
                                   {.done = {}, .notify = semaphore_signal{0, 1}}));
    }
    sc_core::sc_start();
    EXPECT_TRUE(all.granted);
    for (const int i : {0, 1, 2}) {
        EXPECT_EQ(commands[static_cast<std::size_t>(i)]->accepted, 100U);
    }
    // Each transfer is 64 packets and its signal; there is room again when the engine begins another.
    for (std::size_t i = 4; i < 8; ++i) {
        EXPECT_EQ(commands[i]->accepted, *commands[i - 1]->accepted + 65);
    }
    EXPECT_GT(commands[3]->accepted, 106 + 63U);
    b.expect_idle();
}

TEST_P(network_interface_timed, cuts_as_many_transfers_in_turn_as_it_has_engines) {
    auto one = line_of(3);
    one.network_interface.engines = 1;
    auto two = line_of(3);
    two.network_interface.engines = 2;
    interface_bench first("one", one);
    interface_bench second("two", two);
    std::vector<interface_bench::watch*> ends;
    for (interface_bench* b : {&first, &second}) {
        for (int i : {0, 1}) {
            ends.push_back(&b->await({0, 0}, static_cast<std::uint32_t>(i), 1));
            b->push(0, {0, 0}, {1 + i, 0}, row(0, 131072, 65536), {.done = semaphore_signal{i, 1}, .notify = {}});
        }
    }
    sc_core::sc_start();
    EXPECT_EQ(ends[0]->granted, 6 + 1024U);
    EXPECT_EQ(ends[1]->granted, 6 + 2048U);
    EXPECT_EQ(ends[2]->granted, 6 + 2048U - 16);
    EXPECT_EQ(ends[3]->granted, 6 + 2048U);
}

// ---------------------------------------------------------------------------------------------------- parameters

/// A parameter's three values. Nothing else is in the way: the mesh carries four packets a cycle.
class network_interface_with : public testing::TestWithParam<std::tuple<std::uint32_t, timing_kind>> {
  public:
    static auto each_of(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
        return testing::Combine(testing::Values(a, b, c), testing::Values(timing_kind::at, timing_kind::ca));
    }

  protected:
    static std::uint32_t value() { return std::get<0>(GetParam()); }
    [[nodiscard]] static interface_bench::settings wide_line_of(std::uint32_t columns) {
        auto s = noc::line_of(columns);
        s.timing = std::get<1>(GetParam());
        s.noc.link_packets_per_cycle = s.noc.injection_packets_per_cycle = s.noc.ejection_packets_per_cycle = 4;
        s.noc.buffer_depth = 64;
        s.sram.mesh_read_ports = s.sram.mesh_write_ports = 4;
        return s;
    }
};

class network_interface_with_read_ports : public network_interface_with {};
INSTANTIATE_TEST_SUITE_P(values, network_interface_with_read_ports, network_interface_with::each_of(1, 2, 4));
TEST_P(network_interface_with_read_ports, sends_half_a_line_for_each_where_packets_lie_in_two) {
    auto s = wide_line_of(2);
    s.sram.mesh_read_ports = value();
    interface_bench b("b", s);
    const auto& end = b.await({1, 0}, 1, 1);
    b.push(0, {0, 0}, {1, 0}, {32, 131072, 0, 0, 100, 16384}, {.done = {}, .notify = semaphore_signal{1, 1}});
    sc_core::sc_start();
    const double closed_form = 64 * value() / 2.0;
    EXPECT_NEAR(100 * 16384 / static_cast<double>(end.granted.value()), closed_form, 0.05 * closed_form);
    b.expect_idle();
}

class network_interface_with_write_ports : public network_interface_with {};
INSTANTIATE_TEST_SUITE_P(values, network_interface_with_write_ports, network_interface_with::each_of(1, 2, 4));
TEST_P(network_interface_with_write_ports, takes_a_line_a_cycle_for_each) {
    auto s = wide_line_of(2);
    s.sram.mesh_write_ports = value();
    interface_bench b("b", s);
    const auto& end = b.await({1, 0}, 1, 1);
    b.push(0, {0, 0}, {1, 0}, {0, 131072, 0, 0, 100, 16384}, {.done = {}, .notify = semaphore_signal{1, 1}});
    sc_core::sc_start();
    const double closed_form = 64 * value();
    EXPECT_NEAR(100 * 16384 / static_cast<double>(end.granted.value()), closed_form, 0.05 * closed_form);
    b.expect_idle();
}

class network_interface_with_engines : public network_interface_with {};
INSTANTIATE_TEST_SUITE_P(values, network_interface_with_engines, network_interface_with::each_of(1, 2, 4));
TEST_P(network_interface_with_engines, sends_as_many_transfers_in_the_time_of_all_of_them) {
    auto s = line_of(2);
    s.timing = std::get<1>(GetParam());
    s.network_interface.engines = value();
    interface_bench b("b", s);
    std::vector<const interface_bench::watch*> ends;
    for (const int i : {0, 1, 2, 3}) {
        ends.push_back(&b.await({0, 0}, static_cast<std::uint32_t>(i), 1));
        b.push(0, {0, 0}, {1, 0}, row(0, 131072, 65536), {.done = semaphore_signal{i, 1}, .notify = {}});
    }
    sc_core::sc_start();
    // Each is 1024 packets in bursts of 16, of which the others have one more turn after its last.
    const std::uint64_t engines = value();
    EXPECT_EQ(ends[0]->granted, 6 + engines * 1024 - (engines - 1) * 16);
    EXPECT_EQ(ends[3]->granted, 6 + 4 * 1024U);
    b.expect_idle();
}

class network_interface_with_queue_depth : public network_interface_with {};
INSTANTIATE_TEST_SUITE_P(values, network_interface_with_queue_depth, network_interface_with::each_of(1, 4, 16));
TEST_P(network_interface_with_queue_depth, takes_so_many_commands_beside_those_of_its_engines_at_once) {
    auto s = line_of(2);
    s.timing = std::get<1>(GetParam());
    s.network_interface.queue_depth = value();
    interface_bench b("b", s);
    std::vector<const interface_bench::command*> commands;
    for (int i = 0; i < 32; ++i) {
        commands.push_back(&b.push(100, {0, 0}, {1, 0}, row(0, 65536, 4096)));
    }
    sc_core::sc_start();
    const auto at_once = std::ranges::count_if(commands, [](const auto* c) { return c->accepted == 100U; });
    EXPECT_EQ(at_once, std::min(32U, s.network_interface.engines + value()));
    b.expect_idle();
}

TEST_P(network_interface_timed, ends_a_storm_on_one_node_with_every_queue_full) {
    interface_bench::settings s;
    s.timing = GetParam();
    s.noc.buffer_depth = 1;
    s.network_interface.reply_depth = 1;
    s.noc.columns = 4;
    s.noc.rows = 4;
    s.network_interface.engines = 2;
    s.network_interface.queue_depth = 1;
    auto wide = s;
    wide.network_interface.max_outstanding = 64;
    auto narrow = s;
    narrow.network_interface.max_outstanding = 1;
    interface_bench few("few", narrow);
    interface_bench many("many", wide);
    constexpr std::uint32_t piece = 16384;
    for (interface_bench* b : {&few, &many}) {
        for (std::uint32_t i = 0; i < 16; ++i) {
            const coordinate c = b->places().at(static_cast<node_index>(i));
            const coordinate hub{1, 2};
            std::ranges::fill(b->memory(c).first(piece), static_cast<std::byte>(i + 1));
            // Everybody pushes to the hub and pulls from it, and the hub does the same with everybody.
            for (int round = 0; round < 3; ++round) {
                b->push(0, c, hub, row(0, 131072 + piece * i, piece));
                b->pull(0, c, hub, row(0, 65536, piece));
                b->pull(0, hub, c, row(0, 524288 + piece * i, piece));
                b->push(0, hub, c, row(0, 98304, piece));
            }
        }
    }
    sc_core::sc_start();
    for (interface_bench* b : {&few, &many}) {
        b->expect_idle();
        const auto hub = b->memory({1, 2});
        for (std::uint32_t i = 0; i < 16; ++i) {
            const auto c = b->memory(b->places().at(static_cast<node_index>(i)));
            const auto all_are = [](std::span<std::byte> bytes, std::uint32_t value) {
                return std::ranges::all_of(bytes, [&](std::byte x) { return x == static_cast<std::byte>(value); });
            };
            EXPECT_TRUE(all_are(hub.subspan(131072 + piece * i, piece), i + 1));
            EXPECT_TRUE(all_are(hub.subspan(524288 + piece * i, piece), i + 1));
            EXPECT_TRUE(all_are(c.subspan(65536, piece), 9 + 1));  // the hub is number 9
            EXPECT_TRUE(all_are(c.subspan(98304, piece), 9 + 1));
        }
    }
}

// ---------------------------------------------------------------------------------------------------- errors

class network_interface_errors : public testing::TestWithParam<timing_kind> {};
INSTANTIATE_TEST_SUITE_P(levels, network_interface_errors,
                         testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca), timing_name);

TEST_P(network_interface_errors, are_answered_counted_and_reported_once_with_their_origin_and_the_run_goes_on) {
    auto s = line_of(2);
    s.timing = GetParam();
    s.network_interface.max_outstanding = 2;
    interface_bench b("b", s);
    const expect_report push_error(sc_core::SC_WARNING, "address error", "b.node0.interface: a push to");
    const expect_report pull_error(sc_core::SC_WARNING, "address error", "b.node1.interface: a pull from");
    const std::int64_t end = s.sram.bytes;
    auto& later = b.await({1, 0}, 1, 1);
    auto& pulled = b.await({1, 0}, 2, 1);
    // Two bursts of 16 packets; the second lies beyond the end, or half of it.
    b.push(0, {0, 0}, {1, 0}, row(0, end - 1024, 2048));
    b.push(0, {0, 0}, {1, 0}, row(0, end + 4096, 2048));
    b.pull(0, {1, 0}, {0, 0}, row(end + 4096, 0, 3072), {.done = semaphore_signal{2, 1}, .notify = {}});
    std::ranges::fill(b.memory({0, 0}).first(8192), std::byte{7});
    b.push(5000, {0, 0}, {1, 0}, row(0, 65536, 8192), {.done = {}, .notify = semaphore_signal{1, 1}});
    sc_core::sc_start();
    EXPECT_EQ(push_error.count(), 1U);
    EXPECT_EQ(pull_error.count(), 1U);
    EXPECT_EQ(b.interface({0, 0}).count().address_errors, 3U);
    EXPECT_EQ(b.interface({1, 0}).count().address_errors, 3U);
    EXPECT_TRUE(later.granted);
    EXPECT_TRUE(pulled.granted);
    EXPECT_EQ(b.memory({1, 0})[static_cast<std::size_t>(end - 1)], std::byte{7});
    EXPECT_EQ(b.memory({1, 0})[0], std::byte{0});
    EXPECT_EQ(b.memory({1, 0})[65536 + 8191], std::byte{7});
    b.expect_idle();
}

TEST_P(network_interface_errors, count_and_report_what_lies_outside_the_own_memory_too) {
    auto s = line_of(2);
    s.timing = GetParam();
    interface_bench b("b", s);
    const expect_report push_error(sc_core::SC_WARNING, "address error", "b.node0.interface: a push to node number 1");
    const expect_report pull_error(sc_core::SC_WARNING, "address error",
                                   "b.node1.interface: a pull from node number 0");
    const std::int64_t end = s.sram.bytes;
    b.push(0, {0, 0}, {1, 0}, row(end + 64, 0, 2048));
    b.pull(0, {1, 0}, {0, 0}, row(0, -64, 64));
    sc_core::sc_start();
    EXPECT_EQ(push_error.count(), 1U);
    EXPECT_EQ(pull_error.count(), 1U);
    EXPECT_EQ(b.interface({0, 0}).count().address_errors, 2U);
    EXPECT_EQ(b.interface({1, 0}).count().address_errors, 1U);
    b.expect_idle();
}

TEST(network_interface, refuses_a_command_for_a_node_that_is_not_there) {
    interface_bench b("b", line_of(2));
    const auto& beyond = b.push(0, {0, 0}, {7, 0}, row(0, 0, 64));
    const auto& good = b.push(0, {0, 0}, {1, 0}, row(0, 0, 64));
    sc_core::sc_start();
    EXPECT_EQ(beyond.response, tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(good.response, tlm::TLM_OK_RESPONSE);
    b.expect_idle();
}

}  // namespace
}  // namespace d1::noc
