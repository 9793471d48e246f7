// Initiators that somebody else brings, in the place of a core: commands to the network interface's `dma`.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/noc/interface_bench.hpp"
#include "models/reporting/expect_report.hpp"
#include "models/transactors/third_party.hpp"

namespace d1::noc {
namespace {

using sc_core::sc_time;

/// Two nodes on which a stock generator stands where node 0's core would: router, interface, SRAM and semaphores each.
struct two_nodes : sc_core::sc_module {
    two_nodes(const sc_core::sc_module_name& name, timing_kind timing, std::uint32_t queue_depth)
        : sc_module(name), routes(places, {}) {
        network_interface_parameters p;
        p.queue_depth = queue_depth;
        p.engines = 1;
        std::vector<router_base*> routers;
        for (std::uint32_t i = 0; i < 2; ++i) {
            nodes.push_back(
                std::make_unique<node>(std::string("n").append(std::to_string(i)).c_str(), *this, i, timing, p));
            routers.push_back(&nodes.back()->mesh_router);
        }
        connect_mesh(places, routers);
    }
    struct node : sc_module {
        node(const sc_core::sc_module_name& name, two_nodes& o, std::uint32_t i, timing_kind timing,
             const network_interface_parameters& p)
            : sc_module(name),
              mesh_router("router", static_cast<node_index>(i), o.routes, o.noc, timing, o.events),
              semaphores(64),
              signals(this->name(), static_cast<node_index>(i), semaphores, o.events),
              memory("sram", {}),
              interface("interface",
                        {static_cast<node_index>(i), o.alive, o.events, o.bursts, signals, timing, true, nullptr}, p,
                        o.noc, {}) {
            checker.out.bind(interface.dma);
            no_core.bind(memory.core);
            interface.mem.bind(memory.mesh);
            interface.out.bind(mesh_router.in(port::local));
            mesh_router.out(port::local).bind(interface.in);
        }
        noc::router mesh_router;
        semaphore_file semaphores;
        signal_scheduler signals;
        sram memory;
        network_interface interface;
        tlm_utils::simple_initiator_socket<node, 512> no_core{"no_core"};
        transactors::protocol_checker checker{"checker"};
    };
    [[nodiscard]] std::vector<unsigned char> read(std::size_t n, std::uint64_t at, unsigned length) {
        std::vector<unsigned char> data(length);
        tlm::tlm_generic_payload p;
        p.set_read();
        p.set_address(at);
        p.set_data_ptr(data.data());
        p.set_data_length(length);
        EXPECT_EQ(nodes[n]->interface.mem->transport_dbg(p), length);
        return data;
    }

    grid places{2, 1};
    noc_parameters noc{.columns = 2, .rows = 1};
    route_table routes;
    std::vector<bool> alive = {true, true};
    timing::event_queue events{"events", timing::clock(sc_time(500, sc_core::SC_PS))};
    burst_pool bursts;
    std::vector<std::unique_ptr<node>> nodes;
};

/// Pushes the line number n of node 0 to line 1000 + n of node 1, which gets a signal behind each.
third_party::traffic pushes(std::vector<dma_extension>& commands, std::vector<tlm::tlm_response_status>& answers) {
    third_party::traffic t;
    t.count = static_cast<unsigned>(commands.size());
    t.fill = [&commands](tlm::tlm_generic_payload& p, unsigned n) {
        dma_extension& command = commands[n];
        command.operation = dma_operation::push;
        command.geometry = {.source = 64 * n, .destination = 64000 + 64 * n, .rows = 1, .row_bytes = 64};
        command.notify = semaphore_signal{5, 1};
        p.set_command(tlm::TLM_IGNORE_COMMAND);
        p.set_address(address_map::encode({0, 0, node_index{1}, 64000 + 64 * n}));
        p.set_streaming_width(1);
        p.set_extension(&command);
    };
    t.check = [&answers](tlm::tlm_generic_payload& p, unsigned) {
        answers.push_back(p.get_response_status());
        p.clear_extension<dma_extension>();
    };
    return t;
}

template <typename Generator>
void expect_pushes_to_arrive(timing_kind timing, std::uint32_t queue_depth) {
    std::vector<dma_extension> commands(40);
    std::vector<tlm::tlm_response_status> answers;
    two_nodes d("d", timing, queue_depth);
    Generator source("source", pushes(commands, answers));
    Generator idle("idle", third_party::traffic{});
    source.socket.bind(d.nodes[0]->checker.in);
    idle.socket.bind(d.nodes[1]->checker.in);
    std::vector<unsigned char> expected(40 * 64);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        expected[i] = static_cast<unsigned char>(i * 7 + i / 64);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    tlm::tlm_generic_payload p;
    p.set_write();
    p.set_data_ptr(expected.data());
    p.set_data_length(static_cast<unsigned>(expected.size()));
    d.nodes[0]->interface.mem->transport_dbg(p);
    sc_core::sc_start();
    EXPECT_EQ(source.finished, 40U);
    EXPECT_EQ(answers, std::vector(40, tlm::TLM_OK_RESPONSE));
    EXPECT_EQ(d.read(1, 64000, 40 * 64), expected);
    EXPECT_EQ(d.nodes[1]->semaphores.value(5), 40U);
    EXPECT_TRUE(d.nodes[0]->interface.unfinished().empty());
    EXPECT_EQ(d.bursts.in_use(), 0U);
}

TEST(a_foreign_initiator, pushes_by_the_blocking_transport_at_lt) {
    expect_pushes_to_arrive<third_party::generator>(timing_kind::lt, 1);
}

TEST(a_foreign_initiator, pushes_by_the_blocking_transport_at_at_while_there_is_room) {
    expect_pushes_to_arrive<third_party::generator>(timing_kind::at, 64);
}

TEST(a_foreign_initiator, pushes_by_four_phases_at_at) {
    expect_pushes_to_arrive<third_party::phased_generator>(timing_kind::at, 64);
}

TEST(a_foreign_initiator, pushes_by_four_phases_at_at_through_a_queue_that_is_mostly_full) {
    expect_pushes_to_arrive<third_party::phased_generator>(timing_kind::at, 1);
}

TEST(a_foreign_initiator, is_not_kept_waiting_in_a_blocking_call_but_refused_while_the_queue_is_full) {
    std::vector<dma_extension> commands(200);
    std::vector<tlm::tlm_response_status> answers;
    two_nodes d("d", timing_kind::at, 1);
    auto t = pushes(commands, answers);
    const auto fill = t.fill;
    t.fill = [&, fill](tlm::tlm_generic_payload& p, unsigned n) {
        fill(p, n);
        commands[n].geometry = {.source = 0, .destination = 640000, .rows = 1, .row_bytes = 64000};
    };
    third_party::generator source("source", t);
    third_party::generator idle("idle", third_party::traffic{});
    source.socket.bind(d.nodes[0]->checker.in);
    idle.socket.bind(d.nodes[1]->checker.in);
    sc_core::sc_start();
    EXPECT_EQ(answers.front(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(answers.back(), tlm::TLM_GENERIC_ERROR_RESPONSE);
}

/// What one command of somebody is answered, by either transport.
template <typename Generator>
tlm::tlm_response_status answer_to(timing_kind timing, const std::function<void(tlm::tlm_generic_payload&)>& change) {
    std::vector<dma_extension> commands(1);
    std::vector<tlm::tlm_response_status> answers;
    two_nodes d("d", timing, 4);
    auto t = pushes(commands, answers);
    const auto fill = t.fill;
    t.fill = [&, fill](tlm::tlm_generic_payload& p, unsigned n) {
        fill(p, n);
        change(p);
    };
    Generator source("source", t);
    Generator idle("idle", third_party::traffic{});
    source.socket.bind(d.nodes[0]->checker.in);
    idle.socket.bind(d.nodes[1]->checker.in);
    sc_core::sc_start();
    EXPECT_TRUE(d.nodes[0]->interface.unfinished().empty());
    EXPECT_EQ(answers.size(), 1U);
    return answers.empty() ? tlm::TLM_INCOMPLETE_RESPONSE : answers.front();
}

constexpr std::uint64_t window = std::uint64_t{1} << address_map::offset_bits;

class a_wrong_address : public testing::TestWithParam<std::uint64_t> {};
// A node that the die has not, another die, another tile, DIP memory, and beyond everything.
INSTANTIATE_TEST_SUITE_P(of_every_kind, a_wrong_address,
                         testing::Values(2 * window, 511 * window, 512 * window, 512 * 32 * window,
                                         address_map::sram_last + 1, address_map::dip_first, address_map::dip_last + 1,
                                         ~std::uint64_t{0}));

TEST_P(a_wrong_address, is_answered_with_an_address_error_by_the_blocking_transport) {
    EXPECT_EQ(answer_to<third_party::generator>(timing_kind::lt, [](auto& p) { p.set_address(GetParam()); }),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
}
TEST_P(a_wrong_address, is_answered_with_an_address_error_by_four_phases) {
    EXPECT_EQ(answer_to<third_party::phased_generator>(timing_kind::at, [](auto& p) { p.set_address(GetParam()); }),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(a_foreign_initiator, that_sends_something_else_than_a_command_gets_an_error) {
    EXPECT_EQ(answer_to<third_party::generator>(timing_kind::at,
                                                [](auto& p) { p.template clear_extension<dma_extension>(); }),
              tlm::TLM_GENERIC_ERROR_RESPONSE);
}

}  // namespace
}  // namespace d1::noc
