#pragma once
// For tests of the core: a core between a memory and a network interface that do only what a test tells them.

#include <gtest/gtest.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/core/core.hpp"
#include "models/packet/address_map.hpp"
#include "models/program/builder.hpp"
#include "models/transactors/protocol_checker.hpp"

namespace d1::test {

using timing::cycle;

/// Plain bytes that grant direct access, or refuse it.
class fake_memory : public sc_core::sc_module {
  public:
    tlm_utils::simple_target_socket<fake_memory, 512> socket{"socket"};

    fake_memory(const sc_core::sc_module_name& name, std::uint32_t size) : sc_module(name), bytes(size) {
        socket.register_get_direct_mem_ptr(this, &fake_memory::grant);
        socket.register_b_transport(this, &fake_memory::access);
    }

    template <typename T>
    void put(std::size_t address, const std::vector<T>& values) {
        std::memcpy(bytes.data() + address, values.data(), values.size() * sizeof(T));
    }
    template <typename T>
    [[nodiscard]] std::vector<T> get(std::size_t address, std::size_t count) const {
        std::vector<T> values(count);
        std::memcpy(values.data(), bytes.data() + address, count * sizeof(T));
        return values;
    }

    std::vector<unsigned char> bytes;
    bool grants = true;
    int grants_asked_for = 0;

  private:
    bool grant(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
        ++grants_asked_for;
        dmi.init();
        dmi.set_dmi_ptr(bytes.data());
        dmi.set_end_address(bytes.size() - 1);
        if (grants) {
            dmi.allow_read_write();
        }
        return grants;
    }
    void access(tlm::tlm_generic_payload&, sc_core::sc_time&) { ADD_FAILURE() << "a core reaches its memory directly"; }
};

/// Takes commands into a queue of `depth`, which gives one up every `interval` cycles, and notes them.
class fake_interface : public sc_core::sc_module, private timing::event_handler {
  public:
    tlm_utils::simple_target_socket<fake_interface, 512> socket{"socket"};

    /// A command as it was handed over.
    struct command {
        cycle now;   // kernel time
        cycle lead;  // annotated delay
        node_address remote;
        dma_extension what;
    };
    /// How a command that has to wait is answered.
    enum class manner : std::uint8_t { begin_resp, end_req_first, end_req_at_once };

    fake_interface(const sc_core::sc_module_name& name, node_index here, timing::event_queue& events)
        : sc_module(name), here_(here), events_(events) {
        socket.register_nb_transport_fw(this, &fake_interface::forward);
        socket.register_b_transport(this, &fake_interface::block);
    }

    std::size_t depth = 1'000'000;
    cycle interval = 1'000'000'000;
    manner way = manner::begin_resp;
    tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
    std::function<void(const command&)> taken;  // told of each command when it goes into the queue
    std::vector<command> commands;              // in the order in which they were handed over

    void reset() {
        queued_ = 0;
        waiting_ = nullptr;
        end_req_due_ = false;
        number_ = 0;
        commands.clear();
    }

  private:
    tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
        EXPECT_EQ(phase, tlm::BEGIN_REQ);
        EXPECT_EQ(waiting_, nullptr) << "a second command while the first has not been answered";
        note(p, delay);
        if (queued_ == depth) {
            p.acquire();
            waiting_ = &p;
            end_req_due_ = way == manner::end_req_first;
            if (end_req_due_) {
                wake(1);
            }
            if (way == manner::end_req_at_once) {
                phase = tlm::END_REQ;
                return tlm::TLM_UPDATED;
            }
            return tlm::TLM_ACCEPTED;
        }
        enter(p);
        return tlm::TLM_COMPLETED;
    }
    void block(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
        note(p, delay);
        p.set_response_status(answer);
        if (taken) {
            taken(commands.back());
        }
    }

    void note(tlm::tlm_generic_payload& p, const sc_core::sc_time& delay) {
        EXPECT_EQ(p.get_command(), tlm::TLM_IGNORE_COMMAND);
        const auto* const what = p.get_extension<dma_extension>();
        ASSERT_NE(what, nullptr);
        commands.push_back({events_.now(), events_.clock().cycles(delay), address_map::decode(p.get_address()), *what});
    }
    void enter(tlm::tlm_generic_payload& p) {
        p.set_response_status(answer);
        if (queued_++ == 0) {
            wake(interval);
        }
        if (taken) {
            taken(commands.back());
        }
    }
    void wake(cycle after) {
        events_.schedule(events_.now() + after,
                         timing::order_of(timing::phase::injections, to_number(here_), 0, number_++), *this);
    }
    void back(tlm::tlm_phase phase) {
        sc_core::sc_time delay;
        socket->nb_transport_bw(*waiting_, phase, delay);
    }
    void serve(void*) override {
        if (end_req_due_) {
            end_req_due_ = false;
            back(tlm::END_REQ);
            return;
        }
        if (--queued_ != 0) {
            wake(interval);
        }
        if (waiting_ != nullptr) {
            enter(*waiting_);
            back(tlm::BEGIN_RESP);
            waiting_->release();
            waiting_ = nullptr;
        }
    }

    node_index here_;
    timing::event_queue& events_;
    std::size_t queued_ = 0;
    tlm::tlm_generic_payload* waiting_ = nullptr;
    bool end_req_due_ = false;
    std::uint64_t number_ = 0;
};

struct core_options {
    timing_kind timing = timing_kind::at;
    std::uint32_t quantum = 1000;
    bool functional = true;
    core_parameters core{};
    sram_parameters memory{};
    race_detector* races = nullptr;
    steady_states* costs = nullptr;  ///< null: published rates
};

/// A core and what stands around it.
struct core_bench {
    core_bench(const std::string& name, node_index here, timing::event_queue& queue, const core_options& o = {})
        : events(queue),
          semaphores(o.memory.semaphores),
          signals(name, here, semaphores, queue),
          memory((name + "_memory").c_str(), o.memory.bytes),
          interface((name + "_interface").c_str(), here, queue),
          memory_checker((name + "_memory_checker").c_str(), transactors::protocol_rules::inside_a_node()),
          dma_checker((name + "_dma_checker").c_str(), transactors::protocol_rules::inside_a_node()),
          cpu((name + "_core").c_str(),
              {.here = here,
               .events = queue,
               .semaphores = semaphores,
               .signals = signals,
               .timing = o.timing,
               .quantum = o.quantum,
               .functional = o.functional,
               .arithmetic = {},
               .races = o.races,
               .costs = o.costs},
              o.core, o.memory) {
        cpu.mem.bind(memory_checker.in);
        memory_checker.out.bind(memory.socket);
        cpu.dma.bind(dma_checker.in);
        dma_checker.out.bind(interface.socket);
    }

    /// Starts `p` on a placement of this node alone, unless another is given.
    void launch(const program::program& p) { cpu.launch(p, alone, {0, 0}); }

    void reset() {
        semaphores.reset();
        signals.reset();
        interface.reset();
        dma_checker.reset();
        cpu.reset();
    }

    timing::event_queue& events;
    semaphore_file semaphores;
    signal_scheduler signals;
    fake_memory memory;
    fake_interface interface;
    transactors::protocol_checker memory_checker;
    transactors::protocol_checker dma_checker;
    core cpu;
    placement alone{{1, 1}, {node_index{0}}};
};

/// A core bench with an event queue of its own, for the many tests that need one core.
class one_core : public testing::Test {
  protected:
    core_bench& make(const core_options& o = {}) { return node.emplace("node", node_index{0}, events, o); }
    /// Runs `p` to its end or until nothing happens any more.
    void run(const program::program& p) {
        node->launch(p);
        sc_core::sc_start();
    }
    void reset() {
        events.reset();
        node->reset();
    }
    [[nodiscard]] std::string failure() const { return events.failure().value_or("none"); }

    timing::event_queue events{"events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))};
    std::optional<core_bench> node;
};

using numerics::types::bf16;
using numerics::types::fp32;

/// destination = operation(a, b) on `elements` FP32 numbers.
inline program::vector_operation<program::affine> vector(numerics::elementwise_operation operation,
                                                         const program::affine& destination, const program::affine& a,
                                                         const program::affine& b, std::uint32_t elements) {
    return {.operation = operation,
            .destination = destination,
            .a = a,
            .b = b,
            .scalar = 0,
            .elements = elements,
            .destination_type = fp32,
            .a_type = fp32,
            .b_type = fp32};
}

/// destination = scalar.
inline program::vector_operation<program::affine> fill(const program::affine& destination, float scalar,
                                                       std::uint32_t elements) {
    auto v = vector(numerics::elementwise_operation::fill, destination, 0, 0, elements);
    v.scalar = scalar;
    return v;
}

/// C += A x B: 16 x 16 results in 64 matrix steps, A and B in BF16.
inline program::matrix_multiply<program::affine> two_by_two(const program::affine& c) {
    return {.c = c,
            .a = 65536,
            .b = 131072,
            .accumulate = 1,
            .row_blocks = 2,
            .column_blocks = 2,
            .k_steps = 16,
            .a_type = bf16,
            .b_type = bf16};
}

/// A push of one row of 64 bytes to logical node (0, 0).
inline program::push<program::affine> push_line(const program::affine& source, const program::affine& destination = 0) {
    return {
        .to = {0, 0}, .source = source, .destination = destination, .shape = {1, 64, 0, 0}, .done = {}, .notify = {}};
}

}  // namespace d1::test
