#pragma once
// What a die needs of a router, whoever made it.

#include <cstdint>
#include <systemc>
#include <vector>

#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/link.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/statistics/group.hpp"

namespace d1::noc {

/// A buffer that holds packets, and what the first of them waits for.
struct buffer_wait {
    port input = port::local;
    std::uint32_t channel = 0;
    message_class channel_class = message_class::data;
    std::uint32_t packets = 0;
    node_index source{};  ///< of the first packet, as what follows
    node_index destination{};
    port output = port::local;
    bool no_credit = false;  ///< none is left at that output; else it serves others
};

/// A module with five sending and five receiving links: west, east, north, south and local (the network interface).
/// noc::router is the model's own; a testbench can put another in its place, for instance a wrapper round a Verilated
/// one, by platforms/block_factories.hpp.
class router_base : public sc_core::sc_module {
  public:
    using in_socket = link_target_socket;
    using out_socket = link_initiator_socket;

    [[nodiscard]] virtual in_socket& in(port p) = 0;
    [[nodiscard]] virtual out_socket& out(port p) = 0;

    /// Packets that have left through `p` since the last reset.
    [[nodiscard]] virtual std::uint64_t packets(port p) const = 0;

    virtual void register_statistics(statistics::group& group) = 0;
    /// Everything as after construction, statistics included.
    virtual void reset() = 0;
    /// What stands in it and waits, for a report of a mesh that does not move.
    [[nodiscard]] virtual std::vector<buffer_wait> waits() const { return {}; }

    /// From now on at another level; called between a reset and the next burst.
    virtual void set_timing(timing_kind timing) = 0;

  protected:
    using sc_module::sc_module;
};

}  // namespace d1::noc
