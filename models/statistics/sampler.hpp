#pragma once
// Statistics over time: one sample per interval or per layer.

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/statistics/group.hpp"

namespace d1::statistics {

/// Keeps, for each sample, the counters that changed since the sample before and by how much; before the first sample
/// every counter counts as zero. So the increments of a counter add up to its value.
///
/// Passive: whoever ends an interval or a layer calls sample(). A run without sampling makes no sampler and pays
/// nothing. Sees the counters that are registered when it is made; the tree must outlive it. A sample reads every
/// counter and keeps 12 bytes for each that changed.
class sampler {
  public:
    explicit sampler(const group& root);

    /// Samples at the end of an interval, `cycle` cycles after the start of the run.
    void sample(std::uint64_t cycle);
    /// Samples at the end of a layer.
    void sample(std::string layer);

    /// Forgets all samples; call it when the counters are reset.
    void reset() noexcept;

    /// Number of samples taken.
    [[nodiscard]] std::size_t size() const noexcept { return samples_.size(); }

    /// The value that the counter `path` had at sample number `index` (from 0), rebuilt from the increments.
    /// Throws std::out_of_range if there is no such sample or counter.
    [[nodiscard]] std::uint64_t value_at(std::size_t index, std::string_view path) const;

    /// [{"cycle": 1000, "delta": {"die.node[0,0].core.steps": 12}}, ...], or "layer" with its name in place of "cycle".
    /// An increment is negative only where a block has lowered its counter.
    [[nodiscard]] boost::json::array to_json() const;

  private:
    using label = std::variant<std::uint64_t, std::string>;

    struct source {
        std::string path;
        counter_entry counter;
        std::uint64_t previous = 0;
    };
    struct taken_sample {
        label at;
        std::size_t end;  // of its increments; they begin where those of the sample before end
    };

    void take(label at);
    [[nodiscard]] std::size_t begin_of(std::size_t index) const { return index == 0 ? 0 : samples_[index - 1].end; }

    std::vector<source> sources_;
    std::vector<taken_sample> samples_;
    // The increments of all samples, one after the other: which of the sources, and by how much.
    std::vector<std::uint32_t> changed_;
    std::vector<std::int64_t> increment_;
};

}  // namespace d1::statistics
