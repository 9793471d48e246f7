#pragma once
// The links of a mesh, bound with or without somebody who watches them.

#include <cstddef>
#include <cstdint>
#include <systemc>
#include <utility>
#include <vector>

#include "models/noc/noc_parameters.hpp"
#include "models/noc/routing_traits.hpp"
#include "models/packet/link.hpp"
#include "models/transactors/link_checker.hpp"

namespace d1 {

/// Binds links; where it is on, each with a link_checker in it.
class link_watch {
  public:
    /// `live`: the nodes that send and receive, by number.
    link_watch(bool on, const noc_parameters& noc, const sc_core::sc_time& cycle, std::vector<bool> live)
        : on_(on),
          properties_{.places = {static_cast<std::int32_t>(noc.columns), static_cast<std::int32_t>(noc.rows)},
                      .live = std::make_shared<const std::vector<bool>>(std::move(live)),
                      .channels_per_class = noc.channels_per_class,
                      .buffer_depth = noc.buffer_depth,
                      .in_order = traits_of(noc.routing).in_order,
                      .cycle = cycle} {}

    void join(link_initiator_socket& from, link_target_socket& to, std::uint32_t packets_per_cycle) {
        if (!on_) {
            from.bind(to);
            return;
        }
        properties_.packets_per_cycle = packets_per_cycle;
        checkers_.join(from, to, properties_);
    }
    /// Packets that were sent and whose credit has not come back; 0 where it is off.
    [[nodiscard]] std::size_t under_way() const noexcept { return checkers_.under_way(); }
    void reset() { checkers_.reset(); }

  private:
    bool on_;
    transactors::link_properties properties_;
    transactors::link_checkers checkers_;
};

}  // namespace d1
