#pragma once
// Loads a mesh of routers with traffic and measures it.

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/noc_parameters.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/timing/event_queue.hpp"
#include "platforms/link_watch.hpp"
#include "testbenches/traffic/load.hpp"
#include "testbenches/traffic/measurement.hpp"
#include "testbenches/traffic/trace.hpp"

namespace d1::traffic {

/// The mesh that is loaded.
struct mesh_setting {
    noc_parameters noc;
    timing_kind timing = timing_kind::at;
    std::vector<coordinate> dead{};  ///< nodes that neither send nor receive
    bool dead_routers = true;        ///< nor pass anything
    bool check_links = false;        ///< a link_checker on every link
    std::vector<place_pair> dead_links{};
    std::uint64_t seed = 1;  ///< of the routing's draws
    /// Cycles in which no packet moves before a run at ca ends as a deadlock.
    timing::cycle watchdog = 100000;
    const noc::routing_policy* routing = nullptr;  ///< one's own, in the place of noc.routing; null: that
    /// ca: of 100 packets that come to a node, those that it leaves in the buffer for 1 to 16 cycles, drawn by the
    /// seed.
    std::uint32_t stall_percent = 0;
    bool watch_order = false;  ///< count bursts that overtake one of their source, destination and class
};

/// A mesh of routers, with an injector and a sink at the local sockets of each live node's. A node puts one packet a
/// cycle into its router; a burst that finds another on its way in waits at its node, and that counts as latency. A
/// packet stands in its first router link_cycles() after it has left its node. Not modelled below ca: the message
/// classes of a node's queue, which take turns at ca and leave in the order of creation there.
class mesh_traffic : public sc_core::sc_module {
  public:
    /// Throws input_error where dead routers cut nodes off, or where a dead place is not on the mesh or named twice.
    mesh_traffic(const sc_core::sc_module_name& name, const mesh_setting& setting);
    ~mesh_traffic() override;

    /// Simulates `offered` on the empty mesh, until the last burst has arrived, its drain is over, or somebody asks the
    /// event queue to pause. Nothing but replies is created behind the load's end, so that a mesh beyond saturation
    /// comes to an end too. Can be called any number of times, with the same result for the same load. Where
    /// packets are under way and none has moved for a long time it ends too, with who waits for whom.
    [[nodiscard]] measurement run(const load& offered);

    /// From here on what loads create, replies excluded, is added to `record`; nullptr ends that.
    void record(burst_trace* record) noexcept { record_ = record; }

    [[nodiscard]] const std::vector<bool>& live() const noexcept { return live_; }

    [[nodiscard]] noc::router_mesh& mesh() noexcept { return mesh_; }
    [[nodiscard]] timing::event_queue& events() noexcept { return events_; }
    [[nodiscard]] const burst_pool& bursts() const noexcept { return bursts_; }

  private:
    class injector;
    class sink;
    class milestones;
    struct passage {
        std::uint64_t sequence = 0;
        timing::cycle at = 0;
    };

    void created(timing::cycle at, std::uint32_t packets, flow& of);
    void arrived(const burst& b, timing::cycle last_packet);
    void watch_order(const burst& b, timing::cycle last_packet);
    void begin_measuring() { count_links(false); }
    void end_measuring() { count_links(true); }
    void drain_is_over();
    void count_links(bool end);
    void release_all();
    void watch_progress();

    mesh_setting setting_;
    std::vector<bool> live_;
    timing::event_queue events_;
    link_watch links_;
    noc::router_mesh mesh_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<injector>> injectors_;  // by node; null where it is dead
    std::vector<std::unique_ptr<sink>> sinks_;
    std::unique_ptr<milestones> milestones_;
    std::vector<passage> latest_;  // of each source, destination and class, where the order is watched
    burst_trace* record_ = nullptr;
    load load_;
    std::unique_ptr<destinations> destinations_;
    measurement result_;
    std::uint64_t last_progress_ = 0;
    timing::cycle last_look_ = 0;
};

}  // namespace d1::traffic
