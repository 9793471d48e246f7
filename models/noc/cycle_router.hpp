#pragma once
// A router's cycle-accurate level.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/noc/adaptive_choice.hpp"
#include "models/noc/arbiter.hpp"
#include "models/noc/channel_buffers.hpp"
#include "models/noc/link_counts.hpp"
#include "models/noc/link_errors.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/router_base.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// Input-buffered, with virtual channels and credits, single-flit packets, one cycle a hop at zero load.
///
/// In each cycle every input with a packet names one of its channels whose first packet finds a credit for the channel
/// at the output it wants; every output takes one of the inputs that name it; what is taken leaves, and its place's
/// credit goes back. Links of several packets a cycle repeat this within the cycle. Packets keep their channel on their
/// way, so packets of one (source, destination, class) and plane stay in order. Under an adaptive policy the first
/// packet of a buffer wants, in each cycle anew, the preferred one of its outputs, or the one with the most credits
/// left on its channel where those are scarce, and one from the router's own node waits for more; see adaptive_choice.
/// A packet that the link corrupts keeps its place until it has been sent without fault or is refused, and its output
/// serves nobody else meanwhile; see link_errors.
///
/// Not modelled: crossbar conflicts beyond one packet an input and output a round, allocation in several iterations,
/// which of a router's pipeline stages a packet is in: it cannot leave before it has passed them, and holds its place.
class cycle_router final : public timing::clocked_block {
  public:
    using forward_interface = tlm::tlm_fw_nonblocking_transport_if<burst, link_phase>;
    using backward_interface = tlm::tlm_bw_nonblocking_transport_if<burst, link_phase>;

    /// `routes` as in router.cpp: by plane and destination, three bits an input. `exits`, for adaptive policies, else
    /// null: by destination, packed_exits.
    cycle_router(std::span<const std::uint16_t> routes, const std::uint32_t* exits, const link_errors& errors,
                 const noc_parameters& parameters, timing::event_queue& events);
    ~cycle_router() override;

    /// Where packets that leave through `p` go and are counted, and where credits for packets that came in there go;
    /// null if nowhere.
    void connect(port p, forward_interface* forward, backward_interface* backward, link_counts& counts);

    void packet_arrives(port from, burst& b, const link_phase& phase);
    void credit_arrives(port to, const link_phase& phase);

    /// The first packet of each buffer that holds any: where it stands and what it waits for.
    [[nodiscard]] std::vector<buffer_wait> waits() const;
    void reset();

  private:
    /// Who is beyond a port, and what is counted of it.
    struct side {
        forward_interface* forward = nullptr;
        backward_interface* backward = nullptr;
        link_counts* counts = nullptr;
    };
    struct turns {
        arbiter inputs;    ///< for this port's output
        arbiter channels;  ///< of this port's input
    };

    void evaluate() override;
    bool commit() override;
    void choose_outputs();
    [[nodiscard]] std::uint32_t with_room(std::uint32_t ready) const;
    [[nodiscard]] bool is_corrupted(std::uint32_t input, std::uint32_t channel);
    [[nodiscard]] std::uint32_t sending_again() const;
    /// One round: the outputs that packets were named for, out of those that are `open`, a bit each.
    [[nodiscard]] std::uint32_t allocate(std::uint32_t open);
    [[nodiscard]] std::uint32_t ready_channels(std::uint32_t input, std::uint32_t open);
    [[nodiscard]] std::uint32_t output_of(const buffered_packet& packet, std::uint32_t input) const;
    void send(std::uint32_t input, std::uint32_t channel);

    static constexpr std::uint8_t several = 7;
    static constexpr std::uint8_t not_looked_up = 7;

    // By the lines of the host's cache, those that every packet needs first: each costs as much as some ten operations.
    timing::event_queue& events_;
    const std::uint16_t* routes_;
    const std::uint32_t* exits_;
    std::vector<std::uint8_t> any_input_;  // of routes_, the output that is the same for all inputs, or `several`
    channel_buffers buffers_;
    channel_credits credits_;
    std::array<side, port_count> sides_;
    std::array<turns, port_count> turns_;
    std::uint8_t rounds_;
    arbitration_kind arbitration_;
    std::uint32_t hop_cycles_;
    std::array<std::uint32_t, port_count> rates_;  // packets that an output may send in a cycle
    adaptive_choice choice_;
    link_errors errors_;
    std::array<timing::cycle, port_count> sending_again_until_{};
};

}  // namespace d1::noc
