#include "models/core/pipeline/steady_state.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace d1::pipeline {

namespace {

/// Finds the period of a loop by Brent's algorithm: states are compared with a reference, which moves on after 1, 2, 4,
/// ... of them.
class period_finder {
  public:
    void restart() { known_ = false; }

    /// Skips to no later than the cycle in which the machine has counted `last` of them.
    void look(machine& m, std::uint32_t loop, std::uint64_t last) {
        m.describe(loop, state_);
        const std::uint32_t left = m.remaining(loop);
        if (known_ && state_ == reference_) {
            const std::uint32_t period = left_then_ - left;
            const machine_counts all = m.counts().since(counts_then_);
            const std::uint64_t room = (last - m.counts().total_cycles()) / all.total_cycles();
            m.skip(loop, period, all, static_cast<std::uint32_t>(std::min<std::uint64_t>(left / period, room)));
            known_ = false;
            return;
        }
        if (!known_ || ++compared_ == power_) {
            power_ = known_ ? 2 * power_ : 1;
            compared_ = 0;
            known_ = true;
            reference_.swap(state_);
            left_then_ = left;
            counts_then_ = m.counts();
        }
    }

  private:
    bool known_ = false;
    std::uint32_t power_ = 1;
    std::uint32_t compared_ = 0;
    std::uint32_t left_then_ = 0;
    machine_counts counts_then_;
    std::vector<std::uint32_t> reference_;
    std::vector<std::uint32_t> state_;
};

kernel_run run(const kernel& k, const core_parameters& core, const sram_parameters& memory, const auto& to_its_end) {
    const auto m = std::make_unique<machine>(core, memory);
    m->warm(k);
    m->start(0, k);
    const std::uint64_t simulated = to_its_end(*m);
    return {m->counts(), m->busy_cycles(), m->loading_cycles(), m->cycles_before_stores(), simulated};
}

/// Where nothing has started for so long, nothing is under way that lets anything start.
std::uint64_t longest_wait(const core_parameters& core, const sram_parameters& memory) {
    return std::uint64_t{memory.load_latency} + core.gather_latency + core.simd_latency + core.matrix_latency +
           core.matrix_drain_cycles + core.matrix_accumulate_cycles + core.instruction_refill_cycles +
           core.list_entry_cycles;
}

}  // namespace

std::uint64_t run_only_thread(machine& m, const kernel& k, std::uint64_t cycles, std::uint64_t still) {
    std::vector<period_finder> loops(k.counts.size());
    const std::uint64_t begin = m.counts().total_cycles();
    const std::uint64_t last = cycles > ~begin ? ~std::uint64_t{0} : begin + cycles;
    std::uint64_t simulated = 0;
    std::uint64_t moved = 0;  // as many had been simulated when an operation started
    while (m.busy() && m.counts().total_cycles() < last && simulated - moved < still) {
        const std::uint64_t before = m.busy_cycles();
        m.tick();
        ++simulated;
        moved = m.busy_cycles() != before ? simulated : moved;
        const std::uint32_t loop = m.branched();
        if (loop == machine::no_loop) {
            continue;
        }
        for (std::size_t inner = loop + 1; inner < loops.size(); ++inner) {
            loops[inner].restart();
        }
        loops[loop].look(m, loop, last);
    }
    return simulated;
}

kernel_run run_alone(const kernel& k, const core_parameters& core, const sram_parameters& memory) {
    return run(k, core, memory, [&k](machine& m) { return run_only_thread(m, k, ~std::uint64_t{0}); });
}

kernel_in_company run_in_company(const kernel& k, std::uint64_t alone, const core_parameters& core,
                                 const sram_parameters& memory) {
    kernel_in_company found;
    const kernel_run interrupted = run(k, core, memory, [&](machine& m) {
        std::uint64_t simulated = run_only_thread(m, k, alone / 3);
        for (std::uint64_t n = 0; n < shut_stretches::longest && m.busy(); ++n, ++simulated) {
            m.shut_loads();
            m.tick();
        }
        return simulated + run_only_thread(m, k, ~std::uint64_t{0});
    });
    const std::uint64_t late = interrupted.cycles() - std::min(interrupted.cycles(), alone);
    found.patience = shut_stretches::longest - std::min(shut_stretches::longest, late);

    sram_parameters loads_alone = memory;
    loads_alone.vector_store_ports = 0;
    const kernel_run stuck = run(k, core, loads_alone, [&](machine& m) {
        return run_only_thread(m, k, ~std::uint64_t{0}, longest_wait(core, memory));
    });
    found.without_stores = stuck.busy_cycles;
    found.simulated = interrupted.simulated + stuck.simulated;
    return found;
}

kernel_run run_all_cycles(const kernel& k, const core_parameters& core, const sram_parameters& memory) {
    return run(k, core, memory, [](machine& m) {
        std::uint64_t cycles = 0;
        for (; m.busy(); ++cycles) {
            m.tick();
        }
        return cycles;
    });
}

}  // namespace d1::pipeline
