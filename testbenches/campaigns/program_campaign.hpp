#pragma once
// Runs random good jobs on dies at lt and at, and without time, and compares.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/campaigns/random_job.hpp"

namespace d1::campaigns {

/// Dies of 1 to 20 places, some with dead nodes, each at lt and at at. To be made before simulation begins, once a
/// process.
class program_campaign {
  public:
    program_campaign();

    /// Makes the job of this seed and runs it without time and at each level from the same random memories. Nothing
    /// where all end with the same bytes in all memories, no semaphore is left with a count, the race detector is
    /// silent and the checker has nothing against the job; else what is wrong.
    [[nodiscard]] std::optional<std::string> run(std::uint64_t seed);

    /// The programs of a seed's job, in the text form.
    [[nodiscard]] std::string text_of(std::uint64_t seed) const;

    /// Instructions that the untimed machine has executed so far.
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  private:
    struct choice {
        std::size_t die = 0;
        grid nodes;
    };

    void add(const std::string& name, grid places, const std::vector<coordinate>& dead, const d1_parameters& p);
    [[nodiscard]] choice choose(std::uint64_t seed) const;
    [[nodiscard]] std::optional<std::string> run(die& d, const job& j, std::uint64_t seed, run_result& r) const;

    std::vector<std::unique_ptr<die>> dies_;
    std::uint64_t steps_ = 0;
};

}  // namespace d1::campaigns
