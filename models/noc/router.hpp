#pragma once
// A router of the mesh.

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/noc/cycle_router.hpp"
#include "models/noc/link_counts.hpp"
#include "models/noc/link_errors.hpp"
#include "models/noc/mesh_routing.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/router_base.hpp"
#include "models/noc/train_router.hpp"
#include "models/packet/link.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// The model of a router. A burst that enters is passed to the link that the route table names for (input port,
/// destination), one hop later.
///
/// lt: nothing but the hop. at: see train_router. ca: see cycle_router.
/// Zero load: a packet that stands at an input in cycle t, at `at` and ca in a buffer there, stands at the next
/// router's input in t + hop_cycles() (HC34-U: one cycle per hop), and at the network interface likewise. At lt, where
/// queues are not seen, an adaptive policy's bursts take the outputs that it prefers.
class router : public router_base {
  public:
    router(const sc_core::sc_module_name& name, node_index here, const mesh_routing& routing,
           const noc_parameters& parameters, timing_kind timing, timing::event_queue& events);

    [[nodiscard]] in_socket& in(port p) override { return *in_[to_number(p)]; }
    [[nodiscard]] out_socket& out(port p) override { return *out_[to_number(p)]; }

    [[nodiscard]] std::uint64_t packets(port p) const noexcept override { return counts_[to_number(p)].packets; }
    /// How often packets for `p` were sent again since they had been corrupted on the link.
    [[nodiscard]] std::uint64_t resent(port p) const noexcept { return counts_[to_number(p)].resent; }
    /// at, ca: packet-cycles that packets for `p` stood in buffers beyond the first. lt: 0.
    [[nodiscard]] std::uint64_t waited(port p) const noexcept { return counts_[to_number(p)].waited; }

    void register_statistics(statistics::group& group) override;
    void reset() override;
    [[nodiscard]] std::vector<buffer_wait> waits() const override;
    void set_timing(timing_kind timing) override;

  private:
    /// What a socket is bound to.
    using next_module = tlm::tlm_blocking_transport_if<burst>;

    /// A receiving link. Holds what leads to the next router itself: a walk is a chain of loads, each waiting for the
    /// one before it, so the fewer the better.
    class input final : public link_target {
      public:
        void connect(router& owner, port from);
        void lead_to(std::uint32_t output, next_module* next) { next_[output] = next; }
        /// At `at` and ca who takes what comes; the other is null.
        void run(train_router* trains, cycle_router* cycles) {
            trains_ = trains;
            cycles_ = cycles;
        }
        void b_transport(burst& b, sc_core::sc_time& delay) override;
        tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;

      private:
        [[nodiscard]] std::uint32_t output_for(const burst& b) const noexcept;

        train_router* trains_ = nullptr;  // at `at` alone
        cycle_router* cycles_ = nullptr;  // at ca alone
        port from_ = port::local;
        const std::uint16_t* routes_ = nullptr;
        std::array<next_module*, port_count> next_{};
        link_counts* counts_ = nullptr;
        router* owner_ = nullptr;
        std::uint32_t shift_ = 0;    // of this port's three bits in a word of the routes
        std::uint32_t entered_ = 0;  // hops that entering here counts
    };

    /// A sending link's end for what comes back.
    class credit_end final : public link_initiator {
      public:
        void connect(const router& owner, port to) {
            owner_ = &owner;
            to_ = to;
        }
        void run(train_router* trains, cycle_router* cycles) {
            trains_ = trains;
            cycles_ = cycles;
        }
        tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;

      private:
        train_router* trains_ = nullptr;
        cycle_router* cycles_ = nullptr;
        const router* owner_ = nullptr;
        port to_ = port::local;
    };

    void end_of_elaboration() override;
    void resend(burst& b, std::uint32_t to);

    void connect_links(auto& level);
    [[nodiscard]] timing::cycle late(const sc_core::sc_time& delay) const;
    [[nodiscard]] const std::uint32_t* exits() const noexcept { return exits_.empty() ? nullptr : exits_.data(); }

    std::unique_ptr<train_router> trains_;  // null until the first run at `at`
    std::unique_ptr<cycle_router> cycles_;  // null until the first run at ca
    std::array<input, port_count> inputs_;
    std::array<credit_end, port_count> credit_ends_;
    std::array<link_counts, port_count> counts_{};
    timing::event_queue& events_;
    sc_core::sc_time hop_;
    timing_kind timing_;
    noc_parameters parameters_;
    bool elaborated_ = false;
    // By plane and destination: the output port for each input port, three bits each.
    std::vector<std::uint16_t> routes_;
    std::vector<std::uint32_t> exits_;  // adaptive, by destination: as in packed_exits
    node_index here_;
    link_errors errors_;
    std::array<std::unique_ptr<in_socket>, port_count> in_;
    std::array<std::unique_ptr<out_socket>, port_count> out_;
};

}  // namespace d1::noc
