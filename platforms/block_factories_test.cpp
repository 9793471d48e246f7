// A testbench's own router on a die.

#include "platforms/block_factories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/program/builder.hpp"
#include "platforms/die.hpp"
#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

/// A router that knows nothing of credits and of route tables: first along the row, then along the column, a fixed
/// number of cycles a hop, one packet a cycle on each link. Others need buffers that are deep enough to take what it
/// sends.
class plain_router : public noc::router_base, private link_initiator {
  public:
    plain_router(const sc_core::sc_module_name& name, node_index here, const d1_parameters& p, std::uint32_t hop_cycles)
        : router_base(name),
          places_{static_cast<std::int32_t>(p.die.noc.columns), static_cast<std::int32_t>(p.die.noc.rows)},
          here_(places_.at(here)),
          hop_cycles_(hop_cycles),
          hop_(static_cast<double>(hop_cycles * p.die.clock_period), sc_core::SC_PS) {
        for (std::uint32_t i = 0; i < port_count; ++i) {
            in_[i] = std::make_unique<in_socket>(("in" + std::to_string(i)).c_str());
            out_[i] = std::make_unique<out_socket>(("out" + std::to_string(i)).c_str());
            faces_[i].owner = this;
            faces_[i].number = i;
            in_[i]->bind(faces_[i]);
            out_[i]->bind(*this);
        }
    }
    in_socket& in(port p) override { return *in_[to_number(p)]; }
    out_socket& out(port p) override { return *out_[to_number(p)]; }
    [[nodiscard]] std::uint64_t packets(port p) const override { return packets_[to_number(p)]; }
    void register_statistics(statistics::group& group) override {
        group.counter("local", "packets", "packets for this node", packets_[to_number(port::local)]);
    }
    void reset() override {
        packets_ = {};
        free_from_ = {};
        swallowed_.clear();
    }
    void set_timing(timing_kind) override {}
    tlm::tlm_sync_enum nb_transport_bw(burst&, link_phase&, sc_core::sc_time&) override { return tlm::TLM_ACCEPTED; }

  private:
    struct face final : link_target {
        void b_transport(burst& b, sc_core::sc_time& delay) override { owner->forward(b, delay); }
        /// At `at` it passes trains on as they come. At ca it swallows what comes and gives no credit back.
        tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time&) override {
            if (phase.times != nullptr) {
                owner->pass_on(b, phase);
                sc_core::sc_time delay;
                link_phase back{link_phase::kind::credit, phase.channel, phase.index, phase.times};
                (*owner->in_[number])->nb_transport_bw(b, back, delay);
            } else {
                owner->swallowed_.emplace_back(&b);
            }
            return tlm::TLM_ACCEPTED;
        }
        plain_router* owner = nullptr;
        std::uint32_t number = 0;
    };
    [[nodiscard]] port way_to(const burst& b) const {
        const coordinate there = places_.at(b.destination);
        return there.x < here_.x   ? port::west
               : there.x > here_.x ? port::east
               : there.y < here_.y ? port::north
               : there.y > here_.y ? port::south
                                   : port::local;
    }
    void pass_on(burst& b, const link_phase& phase) {
        const port to = way_to(b);
        packets_[to_number(to)] += phase.times->count;
        packet_times times = packet_times::none();
        timing::cycle& free_from = free_from_[to_number(to)];
        for (std::uint32_t i = 0; i < phase.times->count; ++i) {
            free_from = std::max(free_from, phase.times->first + phase.times->offset[i] + hop_cycles_);
            times.append(free_from++);
        }
        link_phase forward{link_phase::kind::packet, phase.channel, phase.index, &times};
        sc_core::sc_time delay;
        (*out_[to_number(to)])->nb_transport_fw(b, forward, delay);
    }
    void forward(burst& b, sc_core::sc_time& delay) {
        const port to = way_to(b);
        packets_[to_number(to)] += b.times.count;
        b.times.first += hop_cycles_;
        delay += hop_;
        (*out_[to_number(to)])->b_transport(b, delay);
    }

    grid places_;
    coordinate here_;
    std::uint32_t hop_cycles_;
    sc_core::sc_time hop_;
    std::array<face, port_count> faces_;
    std::array<std::unique_ptr<in_socket>, port_count> in_;
    std::array<std::unique_ptr<out_socket>, port_count> out_;
    std::array<std::uint64_t, port_count> packets_{};
    std::array<timing::cycle, port_count> free_from_{};  // by output
    std::vector<burst_ptr> swallowed_;
};

block_factories plain_routers(std::uint32_t hop_cycles) {
    return {.router = [hop_cycles](const char* name, node_index here, const die_surroundings&,
                                   const d1_parameters& p) -> std::unique_ptr<noc::router_base> {
        return std::make_unique<plain_router>(name, here, p, hop_cycles);
    }};
}

/// A signal from one corner to the other and nothing else: cycles from the launch to its arrival.
timing::cycle corner_to_corner(die& d) {
    const placement where = d.place({5, 4});
    program::program_builder sender("sender");
    const auto ready = sender.semaphores("ready");
    sender.thread().signal({4, 3}, ready);
    program::program_builder receiver("receiver");
    const auto got = receiver.semaphores("ready");
    receiver.thread().wait(got);
    const job j{where, {{die_test::share(sender), {{0, 0}}}, {die_test::share(receiver), {{4, 3}}}}};
    const run_result r = die_test::run(d, j);
    EXPECT_EQ(r.status, run_status::finished) << r.message;
    EXPECT_EQ(d.at(where.at({4, 3})).router().packets(port::local), 1U);
    return r.cycles;
}

TEST(block_factories, put_a_router_of_ones_own_on_every_place) {
    die own("own", die_test::grid_of(5, 4), die_test::checked);
    die slow("slow", die_test::grid_of(5, 4), die_test::checked, {}, plain_routers(3));
    // Two cycles more at each of the eight routers on the way, the first and the last included.
    EXPECT_EQ(corner_to_corner(slow), corner_to_corner(own) + 2 * 8);
}

TEST(block_factories, make_the_models_own_blocks_unless_told_otherwise) {
    die own("own", die_test::grid_of(5, 4), die_test::checked);
    die plain("plain", die_test::grid_of(5, 4), die_test::checked, {}, plain_routers(1));
    // An empty mesh has nothing that buffers and credits would change.
    EXPECT_EQ(corner_to_corner(own), corner_to_corner(plain));
}

TEST(block_factories, mix_own_and_foreign_routers_on_one_mesh) {
    const node_index odd_one{7};
    int asked = 0;
    const block_factories blocks{.router = [&](const char* name, node_index here, const die_surroundings& die,
                                               const d1_parameters& p) -> std::unique_ptr<noc::router_base> {
        ++asked;
        if (here != odd_one) {
            return make_router(name, here, die, p);
        }
        return std::make_unique<plain_router>(name, here, p, 1);
    }};
    d1_parameters deep = die_test::grid_of(5, 4);
    deep.die.noc.buffer_depth = 64;
    deep.die.noc.link_packets_per_cycle = 4;  // so that nobody else fills them
    deep.die.noc.ejection_packets_per_cycle = 4;
    deep.die.node.sram.mesh_write_ports = 4;
    die d("die", deep, die_checks::all(), {}, blocks);
    EXPECT_EQ(asked, 20);
    const die_test::ring work(d.place({5, 4}));
    work.load(d);
    const run_result r = die_test::run(d, work.work());
    EXPECT_EQ(r.status, run_status::finished) << r.message;
    EXPECT_TRUE(d.races()->races().empty());
    work.expect_result(d);
}

TEST(block_factories, let_a_mesh_be_stuck_and_the_watchdog_ends_the_run_and_says_who_waits_for_which_credit) {
    const node_index middle{1};
    const block_factories blocks{.router = [&](const char* name, node_index here, const die_surroundings& die,
                                               const d1_parameters& p) -> std::unique_ptr<noc::router_base> {
        if (here != middle) {
            return make_router(name, here, die, p);
        }
        return std::make_unique<plain_router>(name, here, p, 1);
    }};
    d1_parameters p = die_test::grid_of(3, 1, timing_kind::ca);
    p.simulation.watchdog = 5000;
    die d("die", p, die_test::checked, {}, blocks);
    program::program_builder b("far");
    const auto from = b.buffer("from", 65536, die_test::bf16);
    auto t = b.thread();
    t.push({.to = {2, 0}, .source = from, .destination = from, .shape = {.rows = 1, .row_bytes = 65536}});
    const job j{d.place({3, 1}), {{die_test::share(b), {{0, 0}}}}};
    d.launch(j);
    const run_result r = d.run();
    EXPECT_EQ(r.status, run_status::deadlock);
    EXPECT_GE(d.events().now(), 5000U);
    EXPECT_LE(d.events().now(), 15000U);
    EXPECT_THAT(r.message, testing::HasSubstr("no packet has moved for 5000 cycles"));
    EXPECT_THAT(r.message,
                testing::HasSubstr("die.node[0,0] router: local buffer of channel 2 (data) holds 8 packets, the first "
                                   "from node[0,0] to node[2,0], for east, where no credit is left"));
    EXPECT_THAT(r.message, testing::HasSubstr("die.node[0,0] network interface: push to node number 2"));
}

}  // namespace
}  // namespace d1
