#pragma once
// What instructions take of a core's pipeline, simulated once for each kind and remembered.

#include <array>
#include <cstdint>
#include <unordered_map>

#include "models/core/core_parameters.hpp"
#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/machine.hpp"
#include "models/core/unit_schedule.hpp"
#include "models/program/instruction.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// How an instruction occupies the core, and what it does there.
struct instruction_cost {
    unit_demand demand;
    unit_slots work{};          ///< matrix steps, operations on one element each, lines and granules: what is counted
    pipeline::kernel kernel{};  ///< its inner kernel; without code at the published rates
    bool in_company = false;    ///< whether its demand says what it bears of others at the ports
};

/// The classes of a machine's cycles as the core's: port_conflict is sram_port, waiting latency.
[[nodiscard]] cycle_shares shares_of(const pipeline::machine_counts& counts) noexcept;

/// Instructions that compute or move bytes within the SRAM.
template <typename Instruction>
concept has_inner_kernel = requires(const Instruction& i, const core_parameters& core) {
    pipeline::kernel_of(i, core);
};

/// The memory of a die's nodes for the steady states of their pipelines. An instruction's inner kernel runs once,
/// alone, on the pipeline (pipeline::run_alone); what it took is kept for all of the same operation, shape, formats and
/// alignments. Demands: cycles up to the last start of an operation, from there to the last result the latency, the
/// slots of each unit, when it loads and stores, the class of each cycle, and what it bears of others at the ports.
/// Work is that of instruction_cost, with the lines that the kernel moves.
///
/// The answer depends on instruction and parameters alone, not on who asked before.
class steady_states {
  public:
    steady_states(const core_parameters& core, const sram_parameters& memory) : core_(core), memory_(memory) {}

    /// Its demand says how it gets on alone.
    template <has_inner_kernel Instruction>
    [[nodiscard]] const instruction_cost& of(const Instruction& instruction) {
        return alone(instruction);
    }
    /// And what it bears of others at the ports: patience and late_stores, by two more runs when this is asked first.
    template <has_inner_kernel Instruction>
    [[nodiscard]] const instruction_cost& in_company(const Instruction& instruction) {
        return measured(alone(instruction));
    }

    /// Kernels that have been simulated.
    [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

  private:
    /// Everything that an inner kernel depends on.
    using key = std::array<std::uint64_t, 16>;
    struct hash {
        std::size_t operator()(const key& k) const noexcept;
    };

    [[nodiscard]] instruction_cost& alone(const program::matrix_multiply<std::int64_t>& m);
    [[nodiscard]] instruction_cost& alone(const program::vector_operation<std::int64_t>& v);
    [[nodiscard]] instruction_cost& alone(const program::copy<std::int64_t>& c);
    [[nodiscard]] instruction_cost& alone(const program::gather<std::int64_t>& g);
    [[nodiscard]] instruction_cost& alone(const program::scatter_add<std::int64_t>& s);
    [[nodiscard]] instruction_cost& alone(const program::transpose<std::int64_t>& t);
    [[nodiscard]] instruction_cost& alone(const program::reduce<std::int64_t>& r);
    [[nodiscard]] const instruction_cost& measured(instruction_cost& cost) const;

    template <typename Instruction>
    instruction_cost& remember(const key& k, const Instruction& instruction);
    [[nodiscard]] std::uint64_t alignment(std::int64_t address) const noexcept;

    core_parameters core_;
    sram_parameters memory_;
    std::unordered_map<key, instruction_cost, hash> known_;  // looked up alone, so its order is nowhere seen
};

}  // namespace d1
