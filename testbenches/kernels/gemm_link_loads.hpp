#pragma once
// How much of a product's operands the busiest link between two routers carries. Private to plan_gemm.

#include <cstdint>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/kernels/gemm_plan.hpp"

namespace d1::kernels::detail {

/// What the links carry when the nodes of a plan hand the operands on, by the paths that the die's routers take, those
/// around dead routers included.
class link_loads {
  public:
    /// Of the plan only chains and fans count. `is_spread`: the nodes of a chain own one part of K after the other;
    /// otherwise the first one owns all.
    link_loads(const gemm_plan& plan, bool is_spread, const die& on);

    /// Cycles, of a packet each, of the busiest link while a panel of A of so many packets and one of B go by, signals
    /// included: averaged over the owners, since each has other links busy. Answers do not count. Where streams meet,
    /// bursts that wait for each other in the routers' queues leave a part of the link idle, the more the longer they
    /// are against the queues' `depth`: a sixteenth of their ratio for each of the first two other streams, measured,
    /// not derived.
    [[nodiscard]] std::uint64_t busiest(std::uint64_t a_packets, std::uint64_t b_packets, std::uint64_t burst,
                                        std::uint64_t depth) const;

  private:
    /// How often a link carries each packet of a panel of A, and of B.
    struct load {
        std::uint32_t a = 0;
        std::uint32_t b = 0;
    };
    static constexpr std::uint32_t most_phases = 6;

    void add_phase(const gemm_plan& plan, std::uint32_t a_owner, std::uint32_t b_owner, const placement& where,
                   const die& on);

    std::vector<std::vector<load>> phases_;  // of each the loads that no other one exceeds in both
};

}  // namespace d1::kernels::detail
