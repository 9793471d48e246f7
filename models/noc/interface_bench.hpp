#pragma once
// For tests of network interfaces: nodes on a full mesh, made of router, network interface, SRAM and semaphores. In the
// place of a core stands a list of commands, each handed over at a time of the test's choice.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "models/noc/mesh.hpp"
#include "models/noc/network_interface.hpp"
#include "models/noc/route_table.hpp"
#include "models/noc/router.hpp"
#include "models/packet/address_map.hpp"
#include "models/sram/semaphore_file.hpp"
#include "models/sram/signal_scheduler.hpp"
#include "models/sram/sram.hpp"
#include "models/transactors/protocol_checker.hpp"

namespace d1::noc {

/// For the names of tests that run at several levels.
inline std::string timing_name(const testing::TestParamInfo<timing_kind>& level) {
    return to_string(level.param);
}

/// Bytes in a row.
inline transfer_geometry row(std::int64_t source, std::int64_t destination, std::uint32_t bytes) {
    return {.source = source, .destination = destination, .rows = 1, .row_bytes = bytes};
}

class interface_bench : public sc_core::sc_module {
  public:
    struct settings {
        noc_parameters noc;
        network_interface_parameters network_interface;
        sram_parameters sram;
        timing_kind timing = timing_kind::at;
        bool functional = true;
        /// Binds a node's `mem` to another memory than the node's own; `memory_answers_later` if that takes its time.
        std::function<void(std::uint32_t node, tlm::tlm_initiator_socket<512>& mem)> other_memory;
        bool memory_answers_later = false;
        race_detector* races = nullptr;
        uninitialised_detector* uninitialised = nullptr;
    };
    /// A command and, once the simulation has run, when it was taken and with what answer.
    struct command {
        coordinate node;
        coordinate remote;
        std::uint64_t remote_offset = 0;
        dma_extension request;
        std::optional<timing::cycle> accepted;
        tlm::tlm_response_status response = tlm::TLM_INCOMPLETE_RESPONSE;
    };
    /// One that waits for a semaphore from the beginning, and when it was granted.
    struct watch {
        std::optional<timing::cycle> granted;
        std::function<void()> then;  ///< called at that time
    };
    struct signals {
        std::optional<semaphore_signal> done;
        std::optional<semaphore_signal> notify;
    };

    interface_bench(const sc_core::sc_module_name& name, const settings& s)
        : sc_module(name),
          places_{static_cast<std::int32_t>(s.noc.columns), static_cast<std::int32_t>(s.noc.rows)},
          routes_(places_, {}),
          alive_(places_.size(), true),
          events_("events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))) {
        std::vector<router_base*> routers;
        for (std::uint32_t i = 0; i < places_.size(); ++i) {
            nodes_.push_back(
                std::make_unique<node>(std::string("node").append(std::to_string(i)).c_str(), *this, i, s));
            routers.push_back(&nodes_.back()->mesh_router);
        }
        connect_mesh(places_, routers);
    }
    ~interface_bench() override { EXPECT_TRUE(broken_off || bursts_.in_use() == 0) << "somebody still holds bursts"; }

    bool broken_off = false;  ///< the test ends in the middle of a run

    const command& push(timing::cycle at, coordinate from, coordinate to, const transfer_geometry& g,
                        const signals& s = {}) {
        return schedule(at, dma_operation::push, from, to, static_cast<std::uint64_t>(g.destination), g, s);
    }
    const command& pull(timing::cycle at, coordinate to, coordinate from, const transfer_geometry& g,
                        const signals& s = {}) {
        return schedule(at, dma_operation::pull, to, from, static_cast<std::uint64_t>(g.source), g, s);
    }
    const command& signal(timing::cycle at, coordinate from, coordinate to, const semaphore_signal& s) {
        return schedule(at, dma_operation::signal, from, to, 0, {}, {.done = {}, .notify = s});
    }
    /// To be called before the run.
    watch& await(coordinate where, std::uint32_t semaphore, std::uint32_t amount, std::function<void()> then = {}) {
        node& n = at(where);
        n.watches.push_back({std::nullopt, std::move(then)});
        EXPECT_FALSE(n.semaphores.wait(semaphore, amount, static_cast<std::uint32_t>(n.watches.size() - 1)));
        return n.watches.back();
    }

    /// All of a node's SRAM; valid until reset().
    [[nodiscard]] std::span<std::byte> memory(coordinate c) {
        tlm::tlm_generic_payload p;
        tlm::tlm_dmi dmi;
        EXPECT_TRUE(at(c).core_memory->get_direct_mem_ptr(p, dmi));
        return {reinterpret_cast<std::byte*>(dmi.get_dmi_ptr()), dmi.get_end_address() + 1};
    }
    [[nodiscard]] network_interface& interface(coordinate c) { return at(c).interface; }
    [[nodiscard]] std::uint32_t semaphore(coordinate c, std::uint32_t s) { return at(c).semaphores.value(s); }
    [[nodiscard]] const grid& places() const noexcept { return places_; }
    [[nodiscard]] timing::event_queue& events() noexcept { return events_; }

    /// That nothing is left of any transfer.
    void expect_idle() {
        for (const auto& n : nodes_) {
            EXPECT_TRUE(n->interface.unfinished().empty()) << n->name() << ": " << n->interface.unfinished().front();
            EXPECT_TRUE(n->waiting.empty());
        }
        EXPECT_TRUE(events_.empty());
        EXPECT_FALSE(events_.failure()) << *events_.failure();
    }

    void reset() {
        events_.reset();
        commands_.clear();
        for (const auto& n : nodes_) {
            n->watches.clear();
            n->waiting.clear();
            n->mesh_router.reset();
            n->semaphores.reset();
            n->scheduler.reset();
            n->memory.reset();
            n->interface.reset();
            n->dma_checker.reset();
        }
    }

  private:
    struct node : sc_module,
                  tlm::tlm_bw_transport_if<>,
                  tlm::tlm_mm_interface,
                  timing::event_handler,
                  semaphore_waiter {
        node(const sc_core::sc_module_name& name, interface_bench& o, std::uint32_t number, const settings& s)
            : sc_module(name),
              owner(o),
              here(number),
              mesh_router("router", static_cast<node_index>(number), o.routes_, s.noc, s.timing, o.events_),
              semaphores(s.sram.semaphores),
              scheduler(this->name(), static_cast<node_index>(number), semaphores, o.events_),
              memory("sram", s.sram),
              interface("interface",
                        {static_cast<node_index>(number), o.alive_, o.events_, o.bursts_, scheduler, s.timing,
                         s.functional, s.races, s.uninitialised, s.memory_answers_later},
                        s.network_interface, s.noc, s.sram),
              at_lt(s.timing == timing_kind::lt) {
            semaphores.connect(*this);
            dma.bind(*this);
            core_memory.bind(*this);
            unused.bind(*this);
            dma.bind(dma_checker.in);
            dma_checker.out.bind(interface.dma);
            core_memory.bind(core_checker.in);
            core_checker.out.bind(memory.core);
            interface.mem.bind(memory_checker.in);
            if (s.other_memory) {
                s.other_memory(number, memory_checker.out);
                unused.bind(memory.mesh);
            } else {
                memory_checker.out.bind(memory.mesh);
            }
            payload.set_streaming_width(1);
            interface.out.bind(mesh_router.in(port::local));
            mesh_router.out(port::local).bind(interface.in);
            payload.set_mm(this);
            payload.acquire();
        }
        ~node() override { payload.clear_extension<dma_extension>(); }

        void schedule(timing::cycle at, command* c) {
            owner.events_.schedule(at, timing::order_of(timing::phase::threads, here, 0, scheduled++), *this, c);
        }
        /// A command whose time has come, or null where the one in front has been taken.
        void serve(void* subject) override {
            if (subject != nullptr) {
                waiting.push_back(static_cast<command*>(subject));
            }
            hand_over();
        }
        void hand_over() {
            while (!pending && !waiting.empty()) {
                command& c = *waiting.front();
                payload.set_address(address_map::encode({0, 0, owner.places_.index(c.remote), 0}) + c.remote_offset);
                payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
                payload.set_extension(&c.request);
                sc_core::sc_time delay;
                tlm::tlm_phase phase = tlm::BEGIN_REQ;
                if (at_lt) {
                    dma->b_transport(payload, delay);
                } else if (dma->nb_transport_fw(payload, phase, delay) == tlm::TLM_ACCEPTED) {
                    pending = true;
                    return;
                }
                answered();
            }
        }
        void answered() {
            waiting.front()->accepted = owner.events_.now();
            waiting.front()->response = payload.get_response_status();
            waiting.pop_front();
            payload.clear_extension<dma_extension>();
        }
        tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) override {
            pending = false;
            answered();
            schedule(owner.events_.now() + 1, nullptr);
            return tlm::TLM_COMPLETED;
        }
        void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
        void free(tlm::tlm_generic_payload*) override {}
        void granted(std::uint32_t number, const causality&) override {
            watches[number].granted = owner.events_.now();
            if (watches[number].then) {
                watches[number].then();
            }
        }

        interface_bench& owner;
        std::uint32_t here;
        noc::router mesh_router;
        semaphore_file semaphores;
        signal_scheduler scheduler;
        sram memory;
        network_interface interface;
        tlm::tlm_initiator_socket<512> dma{"dma"};
        tlm::tlm_initiator_socket<512> core_memory{"core_memory"};
        tlm::tlm_base_initiator_socket<512, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<>, 1,
                                       sc_core::SC_ZERO_OR_MORE_BOUND>
            unused{"unused"};  // in the place of the interface where that has another memory
        transactors::protocol_checker dma_checker{"dma_checker", transactors::protocol_rules::inside_a_node()};
        transactors::protocol_checker core_checker{"core_checker", transactors::protocol_rules::inside_a_node()};
        transactors::protocol_checker memory_checker{"memory_checker", transactors::protocol_rules::inside_a_node()};
        tlm::tlm_generic_payload payload;
        std::deque<command*> waiting;
        std::deque<watch> watches;
        std::uint64_t scheduled = 0;
        bool pending = false;
        bool at_lt;
    };

    [[nodiscard]] node& at(coordinate c) { return *nodes_[to_number(places_.index(c))]; }

    const command& schedule(timing::cycle at, dma_operation operation, coordinate own, coordinate remote,
                            std::uint64_t offset, const transfer_geometry& g, const signals& s) {
        command& c = commands_.emplace_back();
        c.node = own;
        c.remote = remote;
        c.remote_offset = offset;
        c.request.operation = operation;
        c.request.geometry = g;
        c.request.done = s.done;
        c.request.notify = s.notify;
        this->at(own).schedule(at, &c);
        return c;
    }

    grid places_;
    route_table routes_;
    std::vector<bool> alive_;
    timing::event_queue events_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::deque<command> commands_;
};

}  // namespace d1::noc
