// Each rule of the base protocol, broken: reported by its name, and passed where it is switched off.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "models/reporting/expect_report.hpp"
#include "models/transactors/protocol_checker_bench.hpp"

namespace d1::transactors::test {
namespace {

/// A way to break one rule, and no other.
struct breach {
    protocol_rule rule;
    std::string how;
    std::function<void(chain&)> commit;
};

void PrintTo(const breach& b, std::ostream* out) {
    *out << description_of(b.rule).name() << ": " << b.how;
}

/// The target answers BEGIN_REQ with TLM_UPDATED and this phase.
void answer_with(chain& c, tlm::tlm_phase_enum phase) {
    c.target.forward = [phase](tlm::tlm_generic_payload&, tlm::tlm_phase& p, sc_time&) {
        p = phase;
        return tlm::TLM_UPDATED;
    };
}

/// Sends a blocking write that the target treats like this.
std::function<void(chain&)> blocking(const std::function<void(tlm::tlm_generic_payload&, sc_time&)>& target) {
    return [target](chain& c) {
        c.target.block = target;
        c.block(c.a.p);
    };
}
std::function<void(chain&)> unmanaged(const std::function<void(tlm::tlm_generic_payload&, sc_time&)>& target) {
    return [target](chain& c) {
        c.target.block = target;
        tlm::tlm_generic_payload p;
        c.a.fill(p);
        c.block(p);
    };
}
/// Sends a blocking write that was prepared like this.
std::function<void(chain&)> prepared(const std::function<void(managed_payload&)>& prepare) {
    return [prepare](chain& c) {
        prepare(c.a);
        c.block(c.a.p);
    };
}
std::function<void(chain&)> granted(const std::function<void(tlm::tlm_dmi&)>& change) {
    return [change](chain& c) {
        c.target.direct = [change](tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
            change(dmi);
            return true;
        };
        c.direct(tlm::TLM_WRITE_COMMAND, 32);
    };
}
std::function<void(chain&)> requested(const std::function<void(tlm::tlm_dmi&)>& change) {
    return [change](chain& c) {
        tlm::tlm_dmi dmi;
        change(dmi);
        c.direct(tlm::TLM_READ_COMMAND, 0, dmi);
    };
}

// An own tiny manager that a target may set.
managed_payload& another() {
    static managed_payload m;
    return m;
}

std::vector<breach> breaches() {
    using enum protocol_rule;
    using payload = tlm::tlm_generic_payload;
    return {
        {phase_direction, "end_req_forwards", [](chain& c) { c.forward(c.a, tlm::END_REQ); }},
        {phase_direction, "begin_resp_forwards", [](chain& c) { c.forward(c.a, tlm::BEGIN_RESP); }},
        {phase_direction, "no_phase_forwards", [](chain& c) { c.forward(c.a, tlm::UNINITIALIZED_PHASE); }},
        {phase_direction, "begin_req_backwards",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::BEGIN_REQ);
         }},
        {phase_direction, "end_resp_backwards",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_RESP);
         }},
        {phase_direction, "end_resp_as_an_answer_to_begin_req",
         [](chain& c) {
             answer_with(c, tlm::END_RESP);
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {phase_direction, "begin_req_as_an_answer_to_begin_resp",
         [](chain& c) {
             c.initiator.backward = [](payload&, tlm::tlm_phase& phase, sc_time&) {
                 phase = tlm::BEGIN_REQ;
                 return tlm::TLM_UPDATED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
         }},
        {phase_order, "end_resp_before_the_response",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.a.p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
             c.forward(c.a, tlm::END_RESP);
         }},
        {phase_order, "end_resp_of_nothing", [](chain& c) { c.forward(c.a, tlm::END_RESP); }},
        {phase_order, "end_req_twice",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_REQ);
             c.backward(c.a, tlm::END_REQ);
         }},
        {phase_order, "end_req_after_the_response",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.backward(c.a, tlm::END_REQ);
         }},
        {phase_order, "begin_resp_twice",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.respond(c.a);
         }},
        {phase_order, "begin_resp_of_nothing", [](chain& c) { c.respond(c.a); }},
        {phase_order, "end_req_after_completion",
         [](chain& c) {
             c.target.forward = [](payload& p, tlm::tlm_phase&, sc_time&) {
                 p.set_response_status(tlm::TLM_OK_RESPONSE);
                 return tlm::TLM_COMPLETED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_REQ);
         }},
        {phase_answer, "end_req_answered_with_completed",
         [](chain& c) {
             c.initiator.backward = [](payload&, tlm::tlm_phase&, sc_time&) { return tlm::TLM_COMPLETED; };
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_REQ);
         }},
        {phase_answer, "end_resp_answered_with_updated",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.target.forward = [](payload&, tlm::tlm_phase&, sc_time&) { return tlm::TLM_UPDATED; };
             c.forward(c.a, tlm::END_RESP);
         }},
        {accepted_unchanged, "phase_changed",
         [](chain& c) {
             c.target.forward = [](payload&, tlm::tlm_phase& phase, sc_time&) {
                 phase = tlm::END_REQ;
                 return tlm::TLM_ACCEPTED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {accepted_unchanged, "delay_changed",
         [](chain& c) {
             c.target.forward = [](payload&, tlm::tlm_phase&, sc_time& delay) {
                 delay += sc_time(1, SC_NS);
                 return tlm::TLM_ACCEPTED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {accepted_unchanged, "response_set",
         [](chain& c) {
             c.target.forward = [](payload& p, tlm::tlm_phase&, sc_time&) {
                 p.set_response_status(tlm::TLM_OK_RESPONSE);
                 return tlm::TLM_ACCEPTED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {accepted_unchanged, "response_changed_by_the_initiator",
         [](chain& c) {
             c.initiator.backward = [](payload& p, tlm::tlm_phase&, sc_time&) {
                 p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
                 return tlm::TLM_ACCEPTED;
             };
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
         }},
        {request_exclusion, "a_second_request",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.forward(c.b, tlm::BEGIN_REQ);
         }},
        {response_exclusion, "a_second_response",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_REQ);
             c.forward(c.b, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.respond(c.b);
         }},
        {transport_mixing, "b_transport_in_flight",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.block(c.a.p);
         }},
        {transport_mixing, "begin_req_within_b_transport",
         [](chain& c) {
             c.target.block = [&c](payload& p, sc_time&) {
                 p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
                 c.forward(c.a, tlm::BEGIN_REQ);
                 p.set_response_status(tlm::TLM_OK_RESPONSE);
             };
             c.block(c.a.p);
         }},
        {time_order, "backwards_earlier_than_forwards",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ, sc_time(5, SC_NS));
             c.backward(c.a, tlm::END_REQ, sc_time(4, SC_NS));
         }},
        {time_order, "the_answer_earlier_than_the_call",
         [](chain& c) {
             c.target.forward = [](payload& p, tlm::tlm_phase&, sc_time& delay) {
                 p.set_response_status(tlm::TLM_OK_RESPONSE);
                 delay = sc_time(4, SC_NS);
                 return tlm::TLM_COMPLETED;
             };
             c.forward(c.a, tlm::BEGIN_REQ, sc_time(5, SC_NS));
         }},
        {time_order, "a_blocking_call_that_takes_time_away",
         [](chain& c) {
             c.target.block = [](payload&, sc_time& delay) { delay = sc_time(4, SC_NS); };
             sc_time delay(5, SC_NS);
             c.initiator.socket->b_transport(c.a.p, delay);
         }},
        {memory_manager, "none",
         [](chain& c) {
             payload p;
             c.a.fill(p);
             tlm::tlm_phase phase = tlm::BEGIN_REQ;
             sc_time delay;
             c.initiator.socket->nb_transport_fw(p, phase, delay);
         }},
        {memory_manager, "set_on_the_way", unmanaged([](payload& p, sc_time&) {
             p.set_mm(&another());
             p.acquire();
         })},
        {reference_count, "nobody_holds_it_at_a_request",
         [](chain& c) {
             c.a.p.release();
             // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): its manager counts, and frees nothing
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {reference_count, "nobody_holds_it_at_the_response",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.a.p.set_response_status(tlm::TLM_OK_RESPONSE);
             c.a.p.release();
             // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): its manager counts, and frees nothing
             c.backward(c.a, tlm::BEGIN_RESP);
         }},
        {reference_count, "nobody_holds_it_in_b_transport",
         [](chain& c) {
             c.a.p.release();
             // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): its manager counts, and frees nothing
             c.block(c.a.p);
         }},
        {reuse_in_flight, "after_end_req",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::END_REQ);
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {reuse_in_flight, "before_end_resp",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.a.p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {extension_left, "by_the_target", unmanaged([](payload& p, sc_time&) { p.set_extension(new mark); })},
        {initial_response, "ok_from_the_beginning",
         prepared([](managed_payload& m) { m.p.set_response_status(tlm::TLM_OK_RESPONSE); })},
        {initial_response, "a_payload_used_again",
         [](chain& c) {
             c.block(c.a.p);
             c.block(c.a.p);
         }},
        {response_missing, "after_b_transport",
         blocking([](payload& p, sc_time&) { p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE); })},
        {response_missing, "with_begin_resp",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.backward(c.a, tlm::BEGIN_RESP);
         }},
        {response_missing, "with_tlm_completed",
         [](chain& c) {
             c.target.forward = [](payload&, tlm::tlm_phase&, sc_time&) { return tlm::TLM_COMPLETED; };
             c.forward(c.a, tlm::BEGIN_REQ);
         }},
        {response_missing, "changed_before_end_resp",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.a.p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
             c.forward(c.a, tlm::END_RESP);
         }},
        {dmi_hint, "left_set", prepared([](managed_payload& m) { m.p.set_dmi_allowed(true); })},
        {data_pointer, "none", prepared([](managed_payload& m) { m.p.set_data_ptr(nullptr); })},
        {data_length, "zero", prepared([](managed_payload& m) { m.p.set_data_length(0); })},
        {byte_enable_length, "zero", prepared([](managed_payload& m) { m.p.set_byte_enable_ptr(m.enables.data()); })},
        {byte_enable_value, "one", prepared([](managed_payload& m) {
             m.enables[1] = 1;
             m.p.set_byte_enable_ptr(m.enables.data());
             m.p.set_byte_enable_length(2);
         })},
        {streaming_width, "zero", prepared([](managed_payload& m) { m.p.set_streaming_width(0); })},
        {payload_option, "full_at_the_beginning",
         prepared([](managed_payload& m) { m.p.set_gp_option(tlm::TLM_FULL_PAYLOAD); })},
        {payload_option, "changed_by_the_target",
         blocking([](payload& p, sc_time&) { p.set_gp_option(tlm::TLM_FULL_PAYLOAD_ACCEPTED); })},
        {attributes_unchanged, "command", blocking([](payload& p, sc_time&) { p.set_read(); })},
        {attributes_unchanged, "data_pointer", blocking([](payload& p, sc_time&) { p.set_data_ptr(nullptr); })},
        {attributes_unchanged, "data_length", blocking([](payload& p, sc_time&) { p.set_data_length(4); })},
        {attributes_unchanged, "streaming_width", blocking([](payload& p, sc_time&) { p.set_streaming_width(4); })},
        {attributes_unchanged, "byte_enable_pointer",
         blocking([](payload& p, sc_time&) { p.set_byte_enable_ptr(another().enables.data()); })},
        {attributes_unchanged, "byte_enable_length",
         blocking([](payload& p, sc_time&) { p.set_byte_enable_length(1); })},
        {attributes_unchanged, "by_the_initiator_in_flight",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.a.p.set_data_length(4);
             c.backward(c.a, tlm::END_REQ);
         }},
        {attributes_unchanged, "by_the_initiator_before_end_resp",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.respond(c.a);
             c.a.p.set_read();
             c.forward(c.a, tlm::END_RESP);
         }},
        {data_unchanged, "of_a_write", blocking([](payload& p, sc_time&) { p.get_data_ptr()[7] = 0; })},
        {data_unchanged, "byte_enables",
         [](chain& c) {
             c.a.p.set_byte_enable_ptr(c.a.enables.data());
             c.a.p.set_byte_enable_length(2);
             c.target.block = [](payload& p, sc_time&) { p.get_byte_enable_ptr()[1] = 0xff; };
             c.block(c.a.p);
         }},
        {data_unchanged, "by_the_initiator_in_flight",
         [](chain& c) {
             c.forward(c.a, tlm::BEGIN_REQ);
             c.a.data[0] = 77;
             c.backward(c.a, tlm::END_REQ);
         }},
        {dmi_descriptor, "pointer_left", requested([](tlm::tlm_dmi& d) { d.set_dmi_ptr(another().data.data()); })},
        {dmi_descriptor, "start_left", requested([](tlm::tlm_dmi& d) { d.set_start_address(1); })},
        {dmi_descriptor, "end_left", requested([](tlm::tlm_dmi& d) { d.set_end_address(1); })},
        {dmi_descriptor, "access_left", requested([](tlm::tlm_dmi& d) { d.allow_read(); })},
        {dmi_descriptor, "latency_left", requested([](tlm::tlm_dmi& d) { d.set_read_latency(sc_time(1, SC_NS)); })},
        {dmi_grant, "range_above_the_address", granted([](tlm::tlm_dmi& d) { d.set_start_address(33); })},
        {dmi_grant, "range_below_the_address", granted([](tlm::tlm_dmi& d) { d.set_end_address(31); })},
        {dmi_grant, "no_pointer", granted([](tlm::tlm_dmi& d) { d.set_dmi_ptr(nullptr); })},
        {dmi_grant, "reads_only_for_a_write", granted([](tlm::tlm_dmi& d) { d.allow_read(); })},
        {dmi_grant, "writes_only_for_a_read",
         [](chain& c) {
             c.target.direct = [](payload&, tlm::tlm_dmi& d) {
                 d.allow_write();
                 return true;
             };
             c.direct();
         }},
        {dmi_grant, "refusal_for_another_address",
         [](chain& c) {
             c.target.direct = [](payload&, tlm::tlm_dmi& d) {
                 d.init();
                 d.set_end_address(7);
                 return false;
             };
             c.direct(tlm::TLM_READ_COMMAND, 8);
         }},
        {dmi_invalidation, "backwards", [](chain& c) { c.target.socket->invalidate_direct_mem_ptr(8, 7); }},
        {dmi_reentry, "asked_for_again_at_once",
         [](chain& c) {
             c.initiator.invalidate = [&c](sc_dt::uint64, sc_dt::uint64) { c.direct(); };
             c.target.socket->invalidate_direct_mem_ptr(0, 63);
         }},
        {debug_pointer, "none",
         [](chain& c) {
             c.a.p.set_data_ptr(nullptr);
             c.initiator.socket->transport_dbg(c.a.p);
         }},
        {debug_count, "too_many",
         [](chain& c) {
             c.target.debug = [](payload& p) { return p.get_data_length() + 1; };
             c.initiator.socket->transport_dbg(c.a.p);
         }},
        {debug_unchanged, "length",
         [](chain& c) {
             c.target.debug = [](payload& p) {
                 p.set_data_length(1);
                 return 1U;
             };
             c.initiator.socket->transport_dbg(c.a.p);
         }},
    };
}

class a_breach : public testing::TestWithParam<breach> {};

TEST_P(a_breach, is_reported_by_the_name_of_its_rule) {
    chain on("on", protocol_rules::all());
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const reporting::expect_report report(sc_core::SC_ERROR, description_of(GetParam().rule).report_type,
                                          std::string(description_of(GetParam().rule).asks));
    EXPECT_THROW(GetParam().commit(on), sc_core::sc_report);
}

TEST_P(a_breach, breaks_no_other_rule_and_passes_where_its_own_is_switched_off) {
    chain off("off", protocol_rules::all().without(GetParam().rule));
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_NO_THROW(GetParam().commit(off));
}

INSTANTIATE_TEST_SUITE_P(each, a_breach, testing::ValuesIn(breaches()), [](const auto& i) {
    return std::string(description_of(i.param.rule).name()) + "_" + i.param.how;
});

/// The one rule that needs a process: a method that calls b_transport.
struct method_caller : sc_core::sc_module {
    SC_HAS_PROCESS(method_caller);
    method_caller(const sc_core::sc_module_name& name, chain& c) : sc_module(name), on(c) { SC_METHOD(call); }
    void call() { on.block(on.a.p); }
    chain& on;
};

TEST(a_call_from_a_method, is_reported) {
    chain on("on", protocol_rules::all());
    const method_caller caller("caller", on);
    const reporting::expect_report report(sc_core::SC_ERROR, "protocol/thread_context", "SC_METHOD");
    EXPECT_THROW(sc_core::sc_start(), sc_core::sc_report);
}

TEST(a_call_from_a_method, passes_inside_a_node_where_nobody_waits) {
    chain on("on", protocol_rules::inside_a_node());
    const method_caller caller("caller", on);
    sc_core::sc_start();
    EXPECT_EQ(on.a.p.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST(protocol_rules, are_described_in_the_order_of_their_enumeration_and_each_has_a_breach) {
    std::set<protocol_rule> broken{protocol_rule::thread_context};
    for (const breach& b : breaches()) {
        broken.insert(b.rule);
    }
    EXPECT_EQ(broken.size(), protocol_rule_count);
    for (std::size_t i = 0; i < protocol_rule_count; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(protocol_rule_descriptions[i].rule), i);
        EXPECT_FALSE(protocol_rules::none().has(protocol_rule_descriptions[i].rule));
        EXPECT_TRUE(protocol_rules::all().has(protocol_rule_descriptions[i].rule));
    }
}

TEST(protocol_rules, can_all_be_switched_off) {
    chain off("off", protocol_rules::none());
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    off.a.p.set_streaming_width(0);
    off.a.p.set_data_ptr(nullptr);
    off.block(off.a.p);
    EXPECT_EQ(off.a.p.get_response_status(), tlm::TLM_OK_RESPONSE);
}

}  // namespace
}  // namespace d1::transactors::test
