#include "models/core/pipeline/steady_state.hpp"

#include <memory>
#include <vector>

namespace d1::pipeline {

namespace {

/// Finds the period of a loop by Brent's algorithm: states are compared with a reference, which moves on after 1, 2, 4,
/// ... of them.
class period_finder {
  public:
    void restart() { known_ = false; }

    void look(machine& m, std::uint32_t loop) {
        m.describe(loop, state_);
        const std::uint32_t left = m.remaining(loop);
        if (known_ && state_ == reference_) {
            const std::uint32_t period = left_then_ - left;
            m.skip(loop, period, m.counts().since(counts_then_), left / period);
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

template <typename AfterCycle>
kernel_run run(const kernel& k, const core_parameters& core, const sram_parameters& memory, AfterCycle&& after) {
    const auto m = std::make_unique<machine>(core, memory);
    kernel_run result;
    m->warm(k);
    m->start(0, k);
    while (m->busy()) {
        m->tick();
        ++result.simulated;
        after(*m);
    }
    result.counts = m->counts();
    result.busy_cycles = m->busy_cycles();
    return result;
}

}  // namespace

kernel_run run_alone(const kernel& k, const core_parameters& core, const sram_parameters& memory) {
    std::vector<period_finder> loops(k.counts.size());
    return run(k, core, memory, [&](machine& m) {
        const std::uint32_t loop = m.branched();
        if (loop == machine::no_loop) {
            return;
        }
        for (std::size_t inner = loop + 1; inner < loops.size(); ++inner) {
            loops[inner].restart();
        }
        loops[loop].look(m, loop);
    });
}

kernel_run run_all_cycles(const kernel& k, const core_parameters& core, const sram_parameters& memory) {
    return run(k, core, memory, [](const machine&) {});
}

}  // namespace d1::pipeline
