#pragma once
// For tests: initiators and targets as somebody else would bring them, of the TLM utilities alone. Nothing of the
// project is used or known here.

#include <tlm_utils/peq_with_cb_and_phase.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

namespace third_party {

/// Does what a payload asks for on plain bytes, byte enables and streaming width included.
inline void serve(std::vector<unsigned char>& bytes, tlm::tlm_generic_payload& p) {
    const unsigned length = p.get_data_length();
    const unsigned width = p.get_streaming_width();
    const std::uint64_t reach = std::min(length, width);
    if (p.get_address() >= bytes.size() || reach > bytes.size() - p.get_address()) {
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    for (unsigned i = 0; i < length && p.get_command() != tlm::TLM_IGNORE_COMMAND; ++i) {
        const unsigned char* const enables = p.get_byte_enable_ptr();
        if (enables != nullptr && enables[i % p.get_byte_enable_length()] == TLM_BYTE_DISABLED) {
            continue;
        }
        unsigned char& byte = bytes[p.get_address() + i % width];
        (p.is_read() ? p.get_data_ptr()[i] : byte) = p.is_read() ? byte : p.get_data_ptr()[i];
    }
    p.set_response_status(tlm::TLM_OK_RESPONSE);
}

/// A memory for the blocking transport. It may wait, annotate a delay, and grant direct access or take it back.
class memory : public sc_core::sc_module {
  public:
    tlm_utils::simple_target_socket<memory, 512> socket{"socket"};

    memory(const sc_core::sc_module_name& name, std::size_t size) : sc_module(name), bytes(size) {
        socket.register_b_transport(this, &memory::access);
        socket.register_get_direct_mem_ptr(this, &memory::grant);
        socket.register_transport_dbg(this, &memory::debug);
    }
    void withdraw() {
        bytes = std::vector<unsigned char>(bytes);  // elsewhere, so that an old pointer shows
        socket->invalidate_direct_mem_ptr(0, bytes.size() - 1);
    }

    std::vector<unsigned char> bytes;
    sc_core::sc_time waits;
    sc_core::sc_time annotates;
    bool grants = false;
    int grants_asked_for = 0;
    int accesses = 0;
    int most_at_once = 0;

  private:
    void access(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
        ++accesses;
        most_at_once = std::max(most_at_once, ++at_once_);
        if (waits != sc_core::SC_ZERO_TIME) {
            wait(waits);
        }
        serve(bytes, p);
        p.set_dmi_allowed(grants);
        delay += annotates;
        --at_once_;
    }
    bool grant(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
        ++grants_asked_for;
        dmi.init();
        if (grants) {
            dmi.set_dmi_ptr(bytes.data());
            dmi.set_end_address(bytes.size() - 1);
            dmi.allow_read_write();
        }
        return grants;
    }
    unsigned debug(tlm::tlm_generic_payload& p) {
        serve(bytes, p);
        return p.is_response_ok() ? p.get_data_length() : 0;
    }
    int at_once_ = 0;
};

/// A memory for the non-blocking transport: four phases, one request at a time.
class phased_memory : public sc_core::sc_module {
  public:
    tlm_utils::simple_target_socket<phased_memory, 512> socket{"socket"};

    phased_memory(const sc_core::sc_module_name& name, std::size_t size) : sc_module(name), bytes(size) {
        socket.register_nb_transport_fw(this, &phased_memory::forward);
    }

    std::vector<unsigned char> bytes;
    sc_core::sc_time accepts_after{1, sc_core::SC_NS};
    sc_core::sc_time answers_after{5, sc_core::SC_NS};

  private:
    tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
        if (phase == tlm::BEGIN_REQ) {
            p.acquire();
        }
        queue_.notify(p, phase, delay + (phase == tlm::BEGIN_REQ ? accepts_after : sc_core::SC_ZERO_TIME));
        return tlm::TLM_ACCEPTED;
    }
    void step(tlm::tlm_generic_payload& p, const tlm::tlm_phase& phase) {
        sc_core::sc_time delay;
        if (phase == tlm::BEGIN_REQ) {
            tlm::tlm_phase next = tlm::END_REQ;
            socket->nb_transport_bw(p, next, delay);
            next = tlm::BEGIN_RESP;
            queue_.notify(p, next, answers_after);
        } else if (phase == tlm::BEGIN_RESP) {
            serve(bytes, p);
            tlm::tlm_phase next = tlm::BEGIN_RESP;
            if (socket->nb_transport_bw(p, next, delay) != tlm::TLM_ACCEPTED) {
                p.release();
            }
        } else {
            p.release();
        }
    }
    tlm_utils::peq_with_cb_and_phase<phased_memory> queue_{this, &phased_memory::step};
};

/// What a generator sends: `fill` prepares transaction number n, `check` looks at its answer.
struct traffic {
    unsigned count = 0;
    std::function<void(tlm::tlm_generic_payload&, unsigned)> fill;
    std::function<void(tlm::tlm_generic_payload&, unsigned)> check;
};

/// Sends traffic by the blocking transport from a thread of its own, ahead of kernel time by up to a quantum.
class generator : public sc_core::sc_module {
  public:
    SC_HAS_PROCESS(generator);
    tlm_utils::simple_initiator_socket<generator, 512> socket{"socket"};

    generator(const sc_core::sc_module_name& name, traffic t) : sc_module(name), traffic_(std::move(t)) {
        SC_THREAD(send);
    }
    unsigned finished = 0;
    sc_core::sc_time starts_after{1, sc_core::SC_NS};

  private:
    void send() {
        tlm_utils::tlm_quantumkeeper keeper;
        tlm_utils::tlm_quantumkeeper::set_global_quantum(sc_core::sc_time(100, sc_core::SC_NS));
        wait(starts_after);
        keeper.reset();
        tlm::tlm_generic_payload p;
        for (unsigned n = 0; n < traffic_.count; ++n) {
            p.set_byte_enable_ptr(nullptr);
            p.set_dmi_allowed(false);
            p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
            traffic_.fill(p, n);
            sc_core::sc_time delay = keeper.get_local_time();
            socket->b_transport(p, delay);
            traffic_.check(p, n);
            ++finished;
            keeper.set(delay);
            keeper.inc(sc_core::sc_time(10, sc_core::SC_NS));
            if (keeper.need_sync()) {
                keeper.sync();
            }
        }
    }
    traffic traffic_;
};

/// Sends traffic by the non-blocking transport: payloads from a pool, the next request when the last has ended,
/// END_RESP some time after BEGIN_RESP.
class phased_generator : public sc_core::sc_module, public tlm::tlm_mm_interface {
  public:
    SC_HAS_PROCESS(phased_generator);
    tlm_utils::simple_initiator_socket<phased_generator, 512> socket{"socket"};

    phased_generator(const sc_core::sc_module_name& name, traffic t) : sc_module(name), traffic_(std::move(t)) {
        socket.register_nb_transport_bw(this, &phased_generator::backward);
        SC_THREAD(send);
    }
    unsigned finished = 0;
    sc_core::sc_time starts_after{1, sc_core::SC_NS};
    sc_core::sc_time pause{10, sc_core::SC_NS};
    sc_core::sc_time ends_after{2, sc_core::SC_NS};

  private:
    struct number : tlm::tlm_extension<number> {
        tlm_extension_base* clone() const override { return new number(*this); }
        void copy_from(const tlm_extension_base& other) override { *this = static_cast<const number&>(other); }
        unsigned n = 0;
    };
    void send() {
        wait(starts_after);
        for (unsigned n = 0; n < traffic_.count; ++n) {
            tlm::tlm_generic_payload& p = take();
            p.get_extension<number>()->n = n;
            p.set_byte_enable_ptr(nullptr);
            p.set_dmi_allowed(false);
            p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
            traffic_.fill(p, n);
            tlm::tlm_phase phase = tlm::BEGIN_REQ;
            sc_core::sc_time delay;
            requesting_ = true;
            const tlm::tlm_sync_enum answer = socket->nb_transport_fw(p, phase, delay);
            if (answer == tlm::TLM_COMPLETED) {
                requesting_ = false;
                complete(p);
            } else if (answer == tlm::TLM_UPDATED) {
                queue_.notify(p, phase, delay);
            }
            while (requesting_) {
                wait(request_ended_);
            }
            wait(pause);
        }
    }
    tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
        queue_.notify(p, phase, delay);
        return tlm::TLM_ACCEPTED;
    }
    void step(tlm::tlm_generic_payload& p, const tlm::tlm_phase& phase) {
        if (phase == tlm::END_RESP) {
            tlm::tlm_phase end = tlm::END_RESP;
            sc_core::sc_time delay;
            socket->nb_transport_fw(p, end, delay);
            complete(p);
            return;
        }
        requesting_ = false;
        request_ended_.notify();
        if (phase == tlm::BEGIN_RESP) {
            tlm::tlm_phase end = tlm::END_RESP;
            queue_.notify(p, end, ends_after);
        }
    }
    void complete(tlm::tlm_generic_payload& p) {
        traffic_.check(p, p.get_extension<number>()->n);
        ++finished;
        p.release();
    }
    tlm::tlm_generic_payload& take() {
        if (free_.empty()) {
            all_.push_back(std::make_unique<tlm::tlm_generic_payload>(this));
            all_.back()->set_extension(new number);
            free_.push_back(all_.back().get());
        }
        tlm::tlm_generic_payload& p = *free_.back();
        free_.pop_back();
        p.acquire();
        return p;
    }
    void free(tlm::tlm_generic_payload* p) override { free_.push_back(p); }

    traffic traffic_;
    bool requesting_ = false;
    sc_core::sc_event request_ended_;
    std::vector<std::unique_ptr<tlm::tlm_generic_payload>> all_;
    std::vector<tlm::tlm_generic_payload*> free_;
    tlm_utils::peq_with_cb_and_phase<phased_generator> queue_{this, &phased_generator::step};
};

}  // namespace third_party
