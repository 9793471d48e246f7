#include "models/transactors/protocol_checker.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace d1::transactors {

namespace {

/// Does something when a block is left, by an exception too.
template <typename Action>
class at_exit {
  public:
    explicit at_exit(Action action) : action_(std::move(action)) {}
    at_exit(const at_exit&) = delete;
    at_exit& operator=(const at_exit&) = delete;
    ~at_exit() { action_(); }

  private:
    Action action_;
};

bool moves_bytes(const tlm::tlm_generic_payload& p) {
    return p.get_command() != tlm::TLM_IGNORE_COMMAND;
}

bool is_extended(const tlm::tlm_phase& phase) {
    return static_cast<unsigned>(phase) > tlm::END_RESP;
}

std::string name_of(const tlm::tlm_phase& phase) {
    std::ostringstream text;
    text << phase;
    return text.str();
}

const char* name_of(tlm::tlm_command command) {
    return command == tlm::TLM_READ_COMMAND ? "read" : command == tlm::TLM_WRITE_COMMAND ? "write" : "ignore";
}

}  // namespace

protocol_checker::snapshot::snapshot(const tlm::tlm_generic_payload& p)
    : command(p.get_command()),
      data(p.get_data_ptr()),
      length(p.get_data_length()),
      enables(p.get_byte_enable_ptr()),
      enable_length(p.get_byte_enable_length()),
      width(p.get_streaming_width()),
      option(p.get_gp_option()),
      managed(p.has_mm()) {
    if (command == tlm::TLM_WRITE_COMMAND && data != nullptr) {
        written.assign(data, data + length);
    }
    if (enables != nullptr) {
        enabled.assign(enables, enables + enable_length);
    }
    if (!managed) {
        for (unsigned i = 0; i < tlm::max_num_extensions(); ++i) {
            extensions.push_back(p.get_extension(i));
        }
    }
}

protocol_checker::protocol_checker(const sc_core::sc_module_name& name, const protocol_rules& rules)
    : sc_module(name), rules_(rules) {
    in.bind(*this);
    out.bind(*this);
}

void protocol_checker::reset() {
    flights_.clear();
    blocking_.clear();
    request_ = nullptr;
    response_ = nullptr;
    invalidating_ = false;
}

// ---------------------------------------------------------------------------------------------------- blocking

void protocol_checker::b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
    using enum protocol_rule;
    expect(sc_core::sc_get_current_process_handle().proc_kind() != sc_core::SC_METHOD_PROC_, thread_context, p,
           "b_transport is called from an SC_METHOD");
    expect(!p.has_mm() || p.get_ref_count() > 0, reference_count, p, "nobody holds the payload");
    expect(!flights_.contains(&p), transport_mixing, p, "b_transport while the payload is in flight by nb_transport");
    expect(!blocking_.contains(&p), reuse_in_flight, p, "b_transport while the payload is in another b_transport");
    check_initial(p);
    const snapshot before(p);
    sc_core::sc_time time = sc_core::sc_time_stamp() + delay;
    ++blocking_[&p];
    {
        const at_exit leave([&] {
            if (--blocking_[&p] == 0) {
                blocking_.erase(&p);
            }
        });
        out->b_transport(p, delay);
    }
    check_unchanged(p, before);
    check_response(p);
    check_time(p, time, delay);
}

// ---------------------------------------------------------------------------------------------------- non-blocking

tlm::tlm_sync_enum protocol_checker::nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
    check_managed(p);
    const tlm::tlm_phase sent = phase;
    const sc_core::sc_time sent_delay = delay;
    if (sent == tlm::BEGIN_REQ) {
        begin_request(p, delay);
    } else if (sent == tlm::END_RESP) {
        end_response(p, delay);
    } else if (!is_extended(sent)) {
        expect(false, protocol_rule::phase_direction, p, name_of(sent) + " on the forward path");
    }
    const tlm::tlm_response_status status = p.get_response_status();
    const tlm::tlm_sync_enum answer = out->nb_transport_fw(p, phase, delay);
    if (is_extended(sent)) {
        return answer;
    }
    if (answer == tlm::TLM_ACCEPTED) {
        // What the target did on the backward path during this call is its right.
        const auto found = flights_.find(&p);
        const bool quiet = found != flights_.end() && found->second.at == stage::requested;
        check_accepted(p, phase == sent && delay == sent_delay && (!quiet || p.get_response_status() == status));
    } else if (sent == tlm::END_RESP) {
        expect(answer == tlm::TLM_COMPLETED, protocol_rule::phase_answer, p, "END_RESP is answered with TLM_UPDATED");
    } else if (answer == tlm::TLM_UPDATED) {
        if (!is_extended(phase)) {
            go_backwards(p, phase, delay);
        }
    } else if (const auto found = flights_.find(&p); found != flights_.end()) {
        check_unchanged(p, found->second.before);
        check_response(p);
        check_time(p, found->second.time, delay);
        forget(p);
    }
    return answer;
}

void protocol_checker::begin_request(tlm::tlm_generic_payload& p, const sc_core::sc_time& delay) {
    using enum protocol_rule;
    expect(!blocking_.contains(&p), transport_mixing, p, "BEGIN_REQ while the payload is in a b_transport");
    expect(!flights_.contains(&p), reuse_in_flight, p, "BEGIN_REQ of a payload that is in flight");
    expect(request_ == nullptr || request_ == &p, request_exclusion, p,
           "BEGIN_REQ while another request has not ended");
    check_initial(p);
    flights_.insert_or_assign(
        &p, flight{snapshot(p), stage::requested, sc_core::sc_time_stamp() + delay, tlm::TLM_INCOMPLETE_RESPONSE});
    request_ = &p;
}

void protocol_checker::end_response(tlm::tlm_generic_payload& p, const sc_core::sc_time& delay) {
    const auto found = flights_.find(&p);
    expect(found != flights_.end() && found->second.at == stage::responding, protocol_rule::phase_order, p,
           "END_RESP without a response");
    if (found != flights_.end()) {
        check_unchanged(p, found->second.before);
        expect(p.get_response_status() == found->second.response, protocol_rule::response_missing, p,
               "the response status is changed after BEGIN_RESP");
        check_time(p, found->second.time, delay);
        forget(p);
    }
}

tlm::tlm_sync_enum protocol_checker::nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
    using enum protocol_rule;
    check_managed(p);
    const tlm::tlm_phase sent = phase;
    const sc_core::sc_time sent_delay = delay;
    if (!is_extended(sent)) {
        go_backwards(p, sent, delay);
    }
    const tlm::tlm_response_status status = p.get_response_status();
    const tlm::tlm_sync_enum answer = in->nb_transport_bw(p, phase, delay);
    if (is_extended(sent)) {
        return answer;
    }
    if (answer == tlm::TLM_ACCEPTED) {
        const auto found = flights_.find(&p);
        const bool quiet = found != flights_.end() && found->second.at == stage::responding;
        check_accepted(p, phase == sent && delay == sent_delay && (!quiet || p.get_response_status() == status));
    } else if (sent == tlm::END_REQ) {
        expect(false, phase_answer, p, "END_REQ is answered with something else than TLM_ACCEPTED");
    } else if (answer == tlm::TLM_UPDATED && !is_extended(phase)) {
        if (phase == tlm::END_RESP) {
            end_response(p, delay);
        } else {
            expect(false, phase_direction, p, name_of(phase) + " as an answer on the backward path");
        }
    } else if (answer == tlm::TLM_COMPLETED) {
        forget(p);
    }
    return answer;
}

void protocol_checker::go_backwards(tlm::tlm_generic_payload& p, const tlm::tlm_phase& phase,
                                    const sc_core::sc_time& delay) {
    using enum protocol_rule;
    const bool known_phase = phase == tlm::END_REQ || phase == tlm::BEGIN_RESP;
    const auto found = flights_.find(&p);
    if (!known_phase) {
        expect(false, phase_direction, p, name_of(phase) + " on the backward path");
        return;
    }
    if (found == flights_.end()) {
        expect(false, phase_order, p, name_of(phase) + " of a payload that is not in flight");
        return;
    }
    flight& f = found->second;
    const bool in_order = f.at == stage::requested || (f.at == stage::request_ended && phase == tlm::BEGIN_RESP);
    expect(in_order, phase_order, p,
           phase == tlm::END_REQ ? "END_REQ comes a second time or too late" : "BEGIN_RESP comes a second time");
    check_unchanged(p, f.before);
    check_time(p, f.time, delay);
    if (request_ == &p) {
        request_ = nullptr;
    }
    if (phase == tlm::END_REQ) {
        f.at = stage::request_ended;
        return;
    }
    expect(response_ == nullptr || response_ == &p, response_exclusion, p,
           "BEGIN_RESP while another response has not ended");
    check_response(p);
    f.at = stage::responding;
    f.response = p.get_response_status();
    response_ = &p;
}

void protocol_checker::forget(const tlm::tlm_generic_payload& p) {
    flights_.erase(&p);
    if (request_ == &p) {
        request_ = nullptr;
    }
    if (response_ == &p) {
        response_ = nullptr;
    }
}

// ---------------------------------------------------------------------------------------------------- direct, debug

bool protocol_checker::get_direct_mem_ptr(tlm::tlm_generic_payload& p, tlm::tlm_dmi& dmi) {
    using enum protocol_rule;
    expect(!invalidating_, dmi_reentry, p, "direct access is asked for from within its invalidation");
    expect(dmi.get_dmi_ptr() == nullptr && dmi.get_start_address() == 0 && dmi.get_end_address() == ~sc_dt::uint64{0} &&
               dmi.is_none_allowed() && dmi.get_read_latency() == sc_core::SC_ZERO_TIME &&
               dmi.get_write_latency() == sc_core::SC_ZERO_TIME,
           dmi_descriptor, p, "the DMI descriptor is not as init() leaves it");
    const std::uint64_t address = p.get_address();
    const tlm::tlm_command command = p.get_command();
    const bool granted = out->get_direct_mem_ptr(p, dmi);
    expect(dmi.get_start_address() <= address && address <= dmi.get_end_address(), dmi_grant, p,
           "the range that is answered does not contain the address");
    if (granted) {
        expect(dmi.get_dmi_ptr() != nullptr, dmi_grant, p, "direct access is granted without a pointer");
        expect(command == tlm::TLM_WRITE_COMMAND  ? dmi.is_write_allowed()
               : command == tlm::TLM_READ_COMMAND ? dmi.is_read_allowed()
                                                  : !dmi.is_none_allowed(),
               dmi_grant, p, "direct access of another kind is granted");
    }
    return granted;
}

void protocol_checker::invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) {
    if (start > end && rules_.has(protocol_rule::dmi_invalidation)) {
        std::ostringstream text;
        text << "the range to take back ends at 0x" << std::hex << end << ", before it starts at 0x" << start;
        report(protocol_rule::dmi_invalidation, nullptr, text.str());
    }
    invalidating_ = true;
    const at_exit done([&] { invalidating_ = false; });
    in->invalidate_direct_mem_ptr(start, end);
}

unsigned int protocol_checker::transport_dbg(tlm::tlm_generic_payload& p) {
    using enum protocol_rule;
    expect(p.get_data_ptr() != nullptr || p.get_data_length() == 0 || !moves_bytes(p), debug_pointer, p,
           "a debug access without a data pointer");
    const tlm::tlm_command command = p.get_command();
    const unsigned char* const data = p.get_data_ptr();
    const unsigned length = p.get_data_length();
    const unsigned count = out->transport_dbg(p);
    expect(count <= length, debug_count, p, "a debug access reports more bytes than it was asked for");
    expect(p.get_command() == command && p.get_data_ptr() == data && p.get_data_length() == length, debug_unchanged, p,
           "a debug access has changed the payload");
    return count;
}

// ---------------------------------------------------------------------------------------------------- parts of rules

void protocol_checker::check_managed(const tlm::tlm_generic_payload& p) {
    expect(p.has_mm(), protocol_rule::memory_manager, p, "nb_transport of a payload without memory manager");
    expect(!p.has_mm() || p.get_ref_count() > 0, protocol_rule::reference_count, p, "nobody holds the payload");
}

void protocol_checker::check_initial(const tlm::tlm_generic_payload& p) {
    using enum protocol_rule;
    expect(p.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE, initial_response, p,
           "the response status was not set to TLM_INCOMPLETE_RESPONSE");
    expect(!p.is_dmi_allowed(), dmi_hint, p, "the DMI hint was not cleared");
    expect(!moves_bytes(p) || p.get_data_ptr() != nullptr, data_pointer, p, "there is no data pointer");
    expect(!moves_bytes(p) || p.get_data_length() > 0, data_length, p, "the data length is 0");
    expect(p.get_streaming_width() > 0, streaming_width, p, "the streaming width is 0");
    expect(p.get_gp_option() == tlm::TLM_MIN_PAYLOAD, payload_option, p, "the option is not TLM_MIN_PAYLOAD");
    const unsigned char* const enables = p.get_byte_enable_ptr();
    if (enables != nullptr) {
        const unsigned length = p.get_byte_enable_length();
        expect(length > 0, byte_enable_length, p, "byte enables of length 0");
        expect(std::all_of(enables, enables + length,
                           [](unsigned char e) { return e == TLM_BYTE_ENABLED || e == TLM_BYTE_DISABLED; }),
               byte_enable_value, p, "a byte enable is neither 0x00 nor 0xff");
    }
}

void protocol_checker::check_unchanged(const tlm::tlm_generic_payload& p, const snapshot& before) {
    using enum protocol_rule;
    // The address is not among them: an interconnect may have put its own in.
    const bool same = p.get_command() == before.command && p.get_data_ptr() == before.data &&
                      p.get_data_length() == before.length && p.get_byte_enable_ptr() == before.enables &&
                      p.get_byte_enable_length() == before.enable_length && p.get_streaming_width() == before.width;
    expect(same, attributes_unchanged, p, "an attribute has changed since the request");
    if (same) {
        expect(std::equal(before.written.begin(), before.written.end(), before.data), data_unchanged, p,
               "the data of a write have changed since the request");
        expect(std::equal(before.enabled.begin(), before.enabled.end(), before.enables), data_unchanged, p,
               "the byte enables have changed since the request");
    }
    expect(p.get_gp_option() == before.option, payload_option, p, "the option has changed since the request");
    expect(p.has_mm() == before.managed, memory_manager, p, "the memory manager was set or taken away");
    for (unsigned i = 0; i < before.extensions.size(); ++i) {
        expect(p.get_extension(i) == nullptr || before.extensions[i] != nullptr, extension_left, p,
               "an extension was set and not cleared, though there is no memory manager");
    }
}

void protocol_checker::check_response(const tlm::tlm_generic_payload& p) {
    expect(p.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE, protocol_rule::response_missing, p,
           "the response has no status");
}

void protocol_checker::check_time(const tlm::tlm_generic_payload& p, sc_core::sc_time& last,
                                  const sc_core::sc_time& delay) {
    const sc_core::sc_time time = sc_core::sc_time_stamp() + delay;
    if (time < last) {
        expect(false, protocol_rule::time_order, p,
               "the time falls from " + last.to_string() + " to " + time.to_string());
    }
    last = time;
}

void protocol_checker::check_accepted(const tlm::tlm_generic_payload& p, bool unchanged) {
    expect(unchanged, protocol_rule::accepted_unchanged, p,
           "TLM_ACCEPTED is answered, but phase, delay or response status have changed");
}

// ---------------------------------------------------------------------------------------------------- reports

void protocol_checker::expect(bool kept, protocol_rule rule, const tlm::tlm_generic_payload& p, std::string_view what) {
    if (!kept && rules_.has(rule)) {
        report(rule, &p, what);
    }
}

void protocol_checker::report(protocol_rule rule, const tlm::tlm_generic_payload* p, std::string_view what) {
    const protocol_rule_description& broken = description_of(rule);
    std::ostringstream text;
    text << name() << ": " << what;
    if (p != nullptr) {
        text << "; transaction: " << name_of(p->get_command()) << " of " << p->get_data_length() << " B at 0x"
             << std::hex << p->get_address() << std::dec << ", streaming width " << p->get_streaming_width() << ", "
             << p->get_byte_enable_length() << " byte enables, " << p->get_response_string() << ", "
             << p->get_ref_count() << " references";
    }
    text << "; the rule: " << broken.asks << " (IEEE 1666-2011, " << broken.clause << ")";
    SC_REPORT_ERROR(broken.report_type, text.str().c_str());
}

}  // namespace d1::transactors
