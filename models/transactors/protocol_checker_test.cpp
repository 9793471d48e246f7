#include "models/transactors/protocol_checker.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "models/reporting/expect_report.hpp"
#include "models/transactors/protocol_checker_bench.hpp"

TLM_DECLARE_EXTENDED_PHASE(phase_of_another_protocol);

namespace d1::transactors::test {
namespace {

// ---------------------------------------------------------------------------------------------------- legal traffic

class a_protocol_checker : public testing::Test {
  protected:
    chain on{"on", protocol_rules::all()};
    void SetUp() override { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
};

TEST_F(a_protocol_checker, passes_a_blocking_call_on_and_its_answer_back) {
    on.target.block = [&](tlm::tlm_generic_payload& p, sc_time& delay) {
        EXPECT_EQ(&p, &on.a.p);
        EXPECT_EQ(delay, sc_time(3, SC_NS));
        p.set_dmi_allowed(true);
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        delay = sc_time(5, SC_NS);
    };
    sc_time delay(3, SC_NS);
    on.initiator.socket->b_transport(on.a.p, delay);
    EXPECT_EQ(delay, sc_time(5, SC_NS));
    EXPECT_EQ(on.a.p.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(a_protocol_checker, takes_reads_whose_data_change_and_commands_without_data) {
    on.target.block = [](tlm::tlm_generic_payload& p, sc_time&) {
        if (p.get_data_ptr() != nullptr) {
            p.get_data_ptr()[0] = 99;
        }
    };
    on.a.p.set_command(tlm::TLM_READ_COMMAND);
    on.a.p.set_byte_enable_ptr(on.a.enables.data());
    on.a.p.set_byte_enable_length(2);
    on.a.p.set_streaming_width(4);
    on.block(on.a.p);
    on.b.p.set_command(tlm::TLM_IGNORE_COMMAND);
    on.b.p.set_data_ptr(nullptr);
    on.b.p.set_data_length(0);
    on.block(on.b.p);
    tlm::tlm_generic_payload unmanaged;
    on.a.fill(unmanaged);
    on.block(unmanaged);
}

TEST_F(a_protocol_checker, takes_every_legal_sequence_of_phases) {
    // All ways through the table of 15.2.4: how BEGIN_REQ is answered, whether END_REQ is sent, how BEGIN_RESP is
    // answered.
    enum class request { accepted, ended, responded, completed };
    enum class response { accepted, updated, completed };
    for (const request first : {request::accepted, request::ended, request::responded, request::completed}) {
        for (const bool end_req : {false, true}) {
            for (const response last : {response::accepted, response::updated, response::completed}) {
                managed_payload m;
                on.target.forward = [&](tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) {
                    if (phase == tlm::END_RESP) {
                        return end_req ? tlm::TLM_ACCEPTED : tlm::TLM_COMPLETED;
                    }
                    delay += first == request::accepted ? sc_time() : sc_time(1, SC_NS);
                    phase = first == request::ended       ? tlm::END_REQ
                            : first == request::responded ? tlm::BEGIN_RESP
                                                          : tlm::BEGIN_REQ;
                    if (first >= request::responded) {
                        p.set_response_status(tlm::TLM_OK_RESPONSE);
                    }
                    return first == request::accepted    ? tlm::TLM_ACCEPTED
                           : first == request::completed ? tlm::TLM_COMPLETED
                                                         : tlm::TLM_UPDATED;
                };
                on.initiator.backward = [&](tlm::tlm_generic_payload&, tlm::tlm_phase& phase, sc_time&) {
                    if (phase == tlm::END_REQ || last == response::accepted) {
                        return tlm::TLM_ACCEPTED;
                    }
                    phase = tlm::END_RESP;
                    return last == response::updated ? tlm::TLM_UPDATED : tlm::TLM_COMPLETED;
                };
                on.forward(m, tlm::BEGIN_REQ);
                if (first == request::accepted && end_req) {
                    on.backward(m, tlm::END_REQ);
                }
                if (first <= request::ended) {
                    m.p.set_response_status(tlm::TLM_OK_RESPONSE);
                    on.backward(m, tlm::BEGIN_RESP, sc_time(2, SC_NS));
                }
                if (first == request::responded || (first <= request::ended && last == response::accepted)) {
                    on.forward(m, tlm::END_RESP, sc_time(2, SC_NS));
                }
                EXPECT_EQ(on.checker.in_flight(), 0U);
            }
        }
    }
}

TEST_F(a_protocol_checker, takes_the_next_request_once_the_last_has_ended) {
    on.forward(on.a, tlm::BEGIN_REQ);
    on.backward(on.a, tlm::END_REQ);
    on.forward(on.b, tlm::BEGIN_REQ);
    EXPECT_EQ(on.checker.in_flight(), 2U);
    on.respond(on.a);
    on.forward(on.a, tlm::END_RESP);
    on.respond(on.b);
    on.forward(on.b, tlm::END_RESP);
    EXPECT_EQ(on.checker.in_flight(), 0U);
}

TEST_F(a_protocol_checker, lets_phases_of_other_protocols_pass_unseen) {
    const tlm::tlm_phase own = phase_of_another_protocol;
    on.forward(on.a, tlm::BEGIN_REQ);
    on.forward(on.a, own);
    on.backward(on.a, own);
    on.respond(on.a);
    on.forward(on.a, tlm::END_RESP);
}

TEST_F(a_protocol_checker, passes_direct_access_its_end_and_debug_accesses_on) {
    EXPECT_TRUE(on.direct(tlm::TLM_WRITE_COMMAND, 63));
    std::vector<std::uint64_t> taken;
    on.initiator.invalidate = [&](sc_dt::uint64 start, sc_dt::uint64 end) { taken = {start, end}; };
    on.target.socket->invalidate_direct_mem_ptr(8, 8);
    EXPECT_EQ(taken, (std::vector<std::uint64_t>{8, 8}));
    on.target.direct = [](tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
        dmi.init();
        return false;
    };
    EXPECT_FALSE(on.direct());
    on.target.debug = [](tlm::tlm_generic_payload&) { return 3U; };
    EXPECT_EQ(on.initiator.socket->transport_dbg(on.a.p), 3U);
}

TEST_F(a_protocol_checker, names_itself_the_transaction_and_the_clause) {
    const reporting::expect_report report(
        sc_core::SC_ERROR, "protocol/streaming_width",
        "on_checker: the streaming width is 0; transaction: write of 8 B at 0x10, streaming width 0, 0 byte enables, "
        "TLM_INCOMPLETE_RESPONSE, 1 references; the rule: the streaming width is above 0 (IEEE 1666-2011, 14.15 f)");
    on.a.p.set_streaming_width(0);
    EXPECT_THROW(on.block(on.a.p), sc_core::sc_report);
}

TEST_F(a_protocol_checker, forgets_what_is_in_flight_at_a_reset) {
    on.forward(on.a, tlm::BEGIN_REQ);
    on.checker.reset();
    EXPECT_EQ(on.checker.in_flight(), 0U);
    on.forward(on.a, tlm::BEGIN_REQ);
}

}  // namespace
}  // namespace d1::transactors::test
