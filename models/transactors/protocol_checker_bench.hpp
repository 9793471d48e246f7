#pragma once
// For tests of the protocol checker: an initiator and a target that do what a test tells them, and a checker between.

#include <array>
#include <functional>
#include <string>
#include <systemc>
#include <tlm>

#include "models/transactors/protocol_checker.hpp"

namespace d1::transactors::test {
using sc_core::SC_NS;
using sc_core::sc_time;

/// Does what a test tells it, on the initiator's side.
struct initiator_stub : sc_core::sc_module, tlm::tlm_bw_transport_if<> {
    explicit initiator_stub(const sc_core::sc_module_name& name) : sc_module(name) { socket.bind(*this); }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) override {
        return backward ? backward(p, phase, delay) : tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override {
        if (invalidate) {
            invalidate(start, end);
        }
    }
    tlm::tlm_initiator_socket<512> socket{"socket"};
    std::function<tlm::tlm_sync_enum(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_time&)> backward;
    std::function<void(sc_dt::uint64, sc_dt::uint64)> invalidate;
};

/// The same on the target's side; by default it answers well and at once.
struct target_stub : sc_core::sc_module, tlm::tlm_fw_transport_if<> {
    explicit target_stub(const sc_core::sc_module_name& name) : sc_module(name) { socket.bind(*this); }
    void b_transport(tlm::tlm_generic_payload& p, sc_time& delay) override {
        p.set_response_status(tlm::TLM_OK_RESPONSE);
        if (block) {
            block(p, delay);
        }
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) override {
        return forward ? forward(p, phase, delay) : tlm::TLM_ACCEPTED;
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& p, tlm::tlm_dmi& dmi) override {
        dmi.set_dmi_ptr(bytes.data());
        dmi.set_start_address(0);
        dmi.set_end_address(bytes.size() - 1);
        dmi.allow_read_write();
        return direct ? direct(p, dmi) : true;
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& p) override { return debug ? debug(p) : p.get_data_length(); }

    tlm::tlm_target_socket<512> socket{"socket"};
    std::array<unsigned char, 64> bytes{};
    std::function<void(tlm::tlm_generic_payload&, sc_time&)> block;
    std::function<tlm::tlm_sync_enum(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_time&)> forward;
    std::function<bool(tlm::tlm_generic_payload&, tlm::tlm_dmi&)> direct;
    std::function<unsigned(tlm::tlm_generic_payload&)> debug;
};

struct mark : tlm::tlm_extension<mark> {
    tlm_extension_base* clone() const override { return new mark(*this); }
    void copy_from(const tlm_extension_base&) override {}
};

/// A payload with a memory manager, which is the test itself, and some data.
struct managed_payload : tlm::tlm_mm_interface {
    managed_payload() {
        p.set_mm(this);
        p.acquire();
        fill(p);
    }
    void fill(tlm::tlm_generic_payload& q) {
        q.set_command(tlm::TLM_WRITE_COMMAND);
        q.set_address(16);
        q.set_data_ptr(data.data());
        q.set_data_length(8);
        q.set_streaming_width(8);
    }
    void free(tlm::tlm_generic_payload*) override {}
    std::array<unsigned char, 8> data{1, 2, 3, 4, 5, 6, 7, 8};
    std::array<unsigned char, 2> enables{0xff, 0x00};
    tlm::tlm_generic_payload p;
};

/// initiator - checker - target, and what a test sends along it.
struct chain {
    chain(const std::string& name, const protocol_rules& rules)
        : initiator((name + "_initiator").c_str()),
          checker((name + "_checker").c_str(), rules),
          target((name + "_target").c_str()) {
        initiator.socket.bind(checker.in);
        checker.out.bind(target.socket);
    }
    tlm::tlm_sync_enum forward(managed_payload& m, tlm::tlm_phase phase, sc_time delay = {}) {
        return initiator.socket->nb_transport_fw(m.p, phase, delay);
    }
    tlm::tlm_sync_enum backward(managed_payload& m, tlm::tlm_phase phase, sc_time delay = {}) {
        return target.socket->nb_transport_bw(m.p, phase, delay);
    }
    void respond(managed_payload& m) {
        m.p.set_response_status(tlm::TLM_OK_RESPONSE);
        backward(m, tlm::BEGIN_RESP);
    }
    void block(tlm::tlm_generic_payload& p) {
        sc_time delay;
        initiator.socket->b_transport(p, delay);
    }
    bool direct(tlm::tlm_command command = tlm::TLM_READ_COMMAND, std::uint64_t address = 0, tlm::tlm_dmi dmi = {}) {
        tlm::tlm_generic_payload p;
        p.set_command(command);
        p.set_address(address);
        return initiator.socket->get_direct_mem_ptr(p, dmi);
    }

    initiator_stub initiator;
    protocol_checker checker;
    target_stub target;
    managed_payload a;
    managed_payload b;
};

}  // namespace d1::transactors::test
