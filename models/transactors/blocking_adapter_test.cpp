#include "models/transactors/blocking_adapter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "models/reporting/expect_report.hpp"
#include "models/transactors/protocol_checker.hpp"
#include "models/transactors/third_party.hpp"

namespace d1::transactors {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

/// Sends requests at once and answers BEGIN_RESP in a way of the test's choice; notes when each response came.
struct caller : sc_core::sc_module, tlm::tlm_bw_transport_if<>, tlm::tlm_mm_interface {
    enum class manner { completed, updated, accepted };

    explicit caller(const sc_core::sc_module_name& name) : sc_module(name) { socket.bind(*this); }

    void send(unsigned count, tlm::tlm_command command = tlm::TLM_WRITE_COMMAND, const sc_time& delay = {}) {
        data.assign(count, 7);
        for (unsigned i = 0; i < count; ++i) {
            auto& p = *payloads.emplace_back(std::make_unique<tlm::tlm_generic_payload>(this));
            p.acquire();
            p.set_command(command);
            p.set_address(i);
            p.set_data_ptr(&data[i]);
            p.set_data_length(1);
            p.set_streaming_width(1);
            tlm::tlm_phase phase = tlm::BEGIN_REQ;
            sc_time lead = delay;
            EXPECT_EQ(socket->nb_transport_fw(p, phase, lead), tlm::TLM_UPDATED);
            EXPECT_EQ(phase, tlm::END_REQ);
            EXPECT_EQ(lead, delay);
        }
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) override {
        EXPECT_EQ(phase, tlm::BEGIN_RESP);
        EXPECT_EQ(delay, sc_time());
        EXPECT_EQ(&p, payloads[answered.size()].get()) << "in the order of the requests";
        answered.push_back(sc_core::sc_time_stamp());
        switch (way) {
            case manner::completed:
                return tlm::TLM_COMPLETED;
            case manner::updated:
                phase = tlm::END_RESP;
                return tlm::TLM_UPDATED;
            case manner::accepted:
                break;
        }
        return tlm::TLM_ACCEPTED;
    }
    void end_response(std::size_t i) {
        tlm::tlm_phase phase = tlm::END_RESP;
        sc_time delay;
        EXPECT_EQ(socket->nb_transport_fw(*payloads[i], phase, delay), tlm::TLM_COMPLETED);
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override { ADD_FAILURE() << "nothing was granted"; }
    void free(tlm::tlm_generic_payload*) override {}
    [[nodiscard]] bool nobody_else_holds_any() const {
        return std::ranges::all_of(payloads, [](const auto& p) { return p->get_ref_count() == 1; });
    }

    tlm::tlm_initiator_socket<512> socket{"socket"};
    manner way = manner::completed;
    std::vector<unsigned char> data;
    std::vector<std::unique_ptr<tlm::tlm_generic_payload>> payloads;
    std::vector<sc_time> answered;
};

class a_blocking_adapter : public testing::Test {
  protected:
    a_blocking_adapter() {
        initiator.socket.bind(before.in);
        before.out.bind(adapter.in);
        adapter.out.bind(behind.in);
        behind.out.bind(memory.socket);
    }
    void SetUp() override { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
    [[nodiscard]] static std::vector<sc_time> ns(const std::vector<double>& times) {
        std::vector<sc_time> all;
        for (const double t : times) {
            all.emplace_back(t, SC_NS);
        }
        return all;
    }

    caller initiator{"initiator"};
    protocol_checker before{"before"};
    blocking_adapter adapter{"adapter"};
    protocol_checker behind{"behind"};
    third_party::memory memory{"memory", 16};
};

TEST_F(a_blocking_adapter, reports_an_access_when_the_target_has_returned) {
    memory.waits = sc_time(30, SC_NS);
    initiator.send(1);
    EXPECT_EQ(adapter.pending(), 1U);
    EXPECT_EQ(memory.bytes[0], 0);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({30}));
    EXPECT_EQ(memory.bytes[0], 7);
    EXPECT_EQ(initiator.payloads[0]->get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(adapter.pending(), 0U);
    EXPECT_TRUE(initiator.nobody_else_holds_any());
}

TEST_F(a_blocking_adapter, lets_an_annotated_delay_pass_as_well) {
    memory.waits = sc_time(30, SC_NS);
    memory.annotates = sc_time(12, SC_NS);
    initiator.send(1);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({42}));
}

TEST_F(a_blocking_adapter, begins_when_the_delay_of_the_request_has_passed) {
    memory.waits = sc_time(30, SC_NS);
    initiator.send(1, tlm::TLM_WRITE_COMMAND, sc_time(5, SC_NS));
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({35}));
}

TEST_F(a_blocking_adapter, serves_one_after_the_other_in_their_order) {
    memory.waits = sc_time(30, SC_NS);
    initiator.send(4);
    EXPECT_EQ(adapter.pending(), 4U);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({30, 60, 90, 120}));
    EXPECT_EQ(memory.most_at_once, 1);
    EXPECT_TRUE(initiator.nobody_else_holds_any());
}

TEST_F(a_blocking_adapter, needs_no_time_for_a_target_that_needs_none) {
    initiator.send(3);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({0, 0, 0}));
}

TEST_F(a_blocking_adapter, takes_end_resp_as_the_answer) {
    memory.waits = sc_time(30, SC_NS);
    initiator.way = caller::manner::updated;
    initiator.send(2);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, ns({30, 60}));
}

TEST_F(a_blocking_adapter, keeps_the_next_response_until_end_resp) {
    memory.waits = sc_time(30, SC_NS);
    initiator.way = caller::manner::accepted;
    initiator.send(2);
    sc_core::sc_start(sc_time(100, SC_NS));
    EXPECT_EQ(initiator.answered, ns({30}));
    initiator.end_response(0);
    sc_core::sc_start(sc_time(100, SC_NS));
    EXPECT_EQ(initiator.answered, ns({30, 100}));
    initiator.end_response(1);
    EXPECT_EQ(before.in_flight(), 0U);
}

TEST_F(a_blocking_adapter, passes_the_targets_error_on) {
    initiator.send(17);
    sc_core::sc_start();
    EXPECT_EQ(initiator.payloads[15]->get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(initiator.payloads[16]->get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(a_blocking_adapter, passes_debug_accesses_at_once_and_grants_no_direct_access) {
    memory.waits = sc_time(30, SC_NS);
    memory.grants = true;
    unsigned char byte = 5;
    tlm::tlm_generic_payload p;
    p.set_write();
    p.set_address(3);
    p.set_data_ptr(&byte);
    p.set_data_length(1);
    p.set_streaming_width(1);
    EXPECT_EQ(initiator.socket->transport_dbg(p), 1U);
    EXPECT_EQ(memory.bytes[3], 5);
    tlm::tlm_dmi dmi;
    EXPECT_FALSE(initiator.socket->get_direct_mem_ptr(p, dmi));
    memory.withdraw();
}

TEST_F(a_blocking_adapter, refuses_a_blocking_call_and_says_where_it_belongs) {
    const reporting::expect_report report(sc_core::SC_ERROR, "blocking_adapter",
                                          "adapter: b_transport is called. A target that waits is reached by the "
                                          "non-blocking transport");
    unsigned char byte = 5;
    tlm::tlm_generic_payload p;
    p.set_write();
    p.set_data_ptr(&byte);
    p.set_data_length(1);
    p.set_streaming_width(1);
    sc_time delay;
    EXPECT_THROW(initiator.socket->b_transport(p, delay), sc_core::sc_report);
}

TEST_F(a_blocking_adapter, costs_nothing_while_it_has_nothing_to_do) {
    const auto deltas = sc_core::sc_delta_count();
    sc_core::sc_start(sc_time(1, sc_core::SC_SEC));
    EXPECT_EQ(sc_core::sc_delta_count(), deltas);
}

/// A target with phases of its own, called through the conversion that the TLM utilities bring.
TEST(a_blocking_adapter_before_a_phased_target, waits_for_its_response) {
    caller initiator("initiator");
    blocking_adapter adapter("adapter");
    third_party::phased_memory memory("memory", 16);
    initiator.socket.bind(adapter.in);
    adapter.out.bind(memory.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    initiator.send(2);
    sc_core::sc_start();
    EXPECT_EQ(initiator.answered, (std::vector{sc_time(6, SC_NS), sc_time(12, SC_NS)}));
}

}  // namespace
}  // namespace d1::transactors
