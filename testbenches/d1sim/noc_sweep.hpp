#pragma once
// The points of `d1sim noc`, run one after the other on one mesh.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testbenches/d1sim/noc_options.hpp"
#include "testbenches/d1sim/progress.hpp"
#include "testbenches/traffic/mesh_traffic.hpp"

namespace d1 {

/// A load that was run.
struct noc_point {
    std::optional<double> rate;                ///< open loop, but for a trace
    std::optional<std::uint32_t> outstanding;  ///< closed loop
    traffic::measurement found;
    bool saturated = false;
};

/// What came of a command.
struct noc_result {
    traffic::load load;  ///< as run, but for what differs from point to point
    std::uint32_t senders = 0;
    std::vector<bool> live;  ///< by node number
    std::vector<noc_point> points;
    bool complete = false;           ///< all points were run, or all that were wanted
    bool stopped = false;            ///< at a saturated point, as was wanted
    bool conserved = true;           ///< everything that was created arrived, or is counted as under way
    std::vector<std::string> waits;  ///< who waits for whom, where nothing moves any more

    /// The highest accepted rate of the points.
    [[nodiscard]] double saturation_throughput() const;
};

/// Latencies as they are reported, from a node to a node: with the ways into the first router and out of the last,
/// which the testbench leaves out.
struct noc_latency {
    std::uint32_t hop_cycles = 1;
    std::uint32_t link_cycles = 1;

    explicit noc_latency(const noc_parameters& p) : hop_cycles(p.hop_cycles()), link_cycles(p.link_cycles()) {}
    [[nodiscard]] std::uint32_t of_a_way() const noexcept { return hop_cycles + link_cycles; }
    [[nodiscard]] double mean(const traffic::flow& f) const { return f.mean_latency() + of_a_way(); }
    [[nodiscard]] double zero_load(const traffic::flow& f) const {
        return f.zero_load_latency(hop_cycles) + of_a_way();
    }
    /// The mean latency is over three times that of the same bursts on an empty mesh, or less than 0.98 of what was
    /// offered has been accepted.
    [[nodiscard]] bool saturated(const traffic::flow& f) const {
        return mean(f) > 3 * zero_load(f) || f.accepted_rate() < 0.98 * f.offered_rate();
    }
};

/// Runs the points of a command. One to a process, since it is a piece of the SystemC hierarchy.
class noc_sweep {
  public:
    /// Throws input_error where dead nodes cut others off, where nobody sends, or where a trace is none.
    explicit noc_sweep(const noc_options& options);

    /// Calls `done` with each point that was run to its end. Draws a progress bar on a terminal. Ends early when the
    /// user interrupts it.
    [[nodiscard]] noc_result run(const std::function<void(const noc_result&)>& start,
                                 const std::function<void(const noc_point&)>& done);

  private:
    [[nodiscard]] noc_point run_point(std::size_t number);
    [[nodiscard]] std::size_t points() const;
    void read_trace();
    void watch();

    const noc_options& options_;
    traffic::mesh_traffic bench_;
    noc_result result_;
    progress bar_;
    std::size_t current_ = 0;
};

}  // namespace d1
