// How a convolution is laid out over a die.

#include <algorithm>
#include <limits>
#include <string>

#include "models/parameter/error.hpp"
#include "testbenches/kernels/convolution_geometry.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

class convolution_planner {
  public:
    convolution_planner(const conv2d_shape& shape, const conv2d_types& types, const die& on)
        : shape_(shape), types_(types), on_(on), parameters_(on.parameters()) {}

    conv2d_plan best() {
        const std::uint32_t live = on_.live_nodes();
        for (const std::uint32_t parts : useful_parts(shape_.batch, live))
            try_rows(
                {.images = divide_up(shape_.batch, parts), .image_parts = parts, .band_rows = shape_.output_height()});
        if (shape_.batch <= live) {
            for (const std::uint32_t bands : useful_parts(shape_.output_height(), live / shape_.batch)) {
                try_rows({.image_parts = shape_.batch,
                          .bands = bands,
                          .band_rows = divide_up(shape_.output_height(), bands)});
            }
        }
        if (best_.estimated_cycles == 0) refuse();
        return best_;
    }

  private:
    void try_rows(conv2d_plan plan) {
        const geometry first(shape_, types_, plan);
        for (const std::uint32_t parts : useful_parts(first.filter_units(), on_.live_nodes() / plan.columns())) {
            plan.filter_parts = parts;
            for (plan.chunk_steps = first.group_steps; plan.chunk_steps > 1;
                 plan.chunk_steps = (plan.chunk_steps + 1) / 2) {
                if (geometry(shape_, types_, plan).chunk_bytes(plan.chunk_steps) <= largest_chunk) break;
            }
            const geometry g(shape_, types_, plan);
            plan.bytes = g.node_bytes();
            least_bytes_ = std::min(least_bytes_, plan.bytes);
            if (plan.bytes > parameters_.die.node.sram.bytes) continue;
            plan.estimated_cycles = estimate(g);
            if (best_.estimated_cycles == 0 || plan.estimated_cycles < best_.estimated_cycles) best_ = plan;
        }
    }

    [[nodiscard]] std::uint64_t estimate(const geometry& g) const {
        const core_parameters& core = parameters_.die.node.core;
        const conv2d_plan& plan = g.plan;
        const std::uint64_t rows = std::uint64_t{plan.images} * plan.band_rows;
        const auto product_cycles = [&](std::uint32_t steps) {
            program::matrix_multiply<std::int64_t> m{0, 8, 0, 1, g.pixel_blocks, g.largest_blocks(), steps};
            m.a_type = types_.input;
            m.b_type = types_.weights;
            m.a_step_stride = static_cast<std::int64_t>(g.step_stride());
            return cycles_of_each(m, g.compute_threads(core.threads), on_);
        };
        const k_split k = g.channel_split();
        const std::uint64_t of_tap =
            k.whole() * product_cycles(k.chunk) + (k.tail() != 0 ? product_cycles(k.tail()) : 0);
        const std::uint64_t taps = std::uint64_t{shape_.filter_height} * shape_.filter_width * g.largest_groups();
        const std::uint64_t compute = rows * of_tap * taps + g.output_elements() / core.simd_lanes;
        const std::uint64_t hop = transfer_piece / packet_bytes + piece_overhead;
        const std::uint64_t slab = g.slab_bytes(plan.band_rows) / packet_bytes;
        const std::uint64_t halo =
            plan.bands > 1 ? slab - slab * plan.band_rows / (plan.band_rows + shape_.filter_height) : 0;
        const std::uint64_t before =
            core.launch_cycles + halo + (plan.filter_parts > 1 ? slab + plan.filter_parts * hop : 0);
        const std::uint64_t weights = g.weight_bytes() / packet_bytes;
        const std::uint64_t flow = plan.columns() > 1 ? plan.columns() * hop : 0;
        return before + flow + std::max(compute, plan.columns() > 1 ? weights : 0);
    }

    [[noreturn]] void refuse() const {
        const std::uint64_t available = parameters_.die.node.sram.bytes;
        throw input_error(error_class::layer, to_string(shape_) + " does not fit: each node needs at least " +
                                                  std::to_string(least_bytes_) + " B of SRAM and has " +
                                                  std::to_string(available) + " B (" +
                                                  std::to_string(on_.live_nodes()) + " live nodes, " +
                                                  std::to_string(on_.live_nodes() * available) + " B together)");
    }

    const conv2d_shape& shape_;
    const conv2d_types& types_;
    const die& on_;
    const d1_parameters& parameters_;
    conv2d_plan best_;
    std::uint64_t least_bytes_ = std::numeric_limits<std::uint64_t>::max();

    static constexpr std::uint64_t largest_chunk = 32768;
    static constexpr std::uint64_t piece_overhead = 25;  ///< cycles to pass a piece on beside its packets
};

}  // namespace

void require_shape(const conv2d_shape& s) {
    const auto refuse = [&](const std::string& why) {
        throw input_error(error_class::layer, to_string(s) + ": " + why);
    };
    for (const std::uint32_t extent : {s.batch, s.height, s.width, s.channels, s.filters, s.filter_height,
                                       s.filter_width, s.stride, s.dilation, s.groups}) {
        if (extent == 0 || extent > 65535) refuse("every dimension, the stride and the dilation are 1 to 65535");
    }
    if (s.padding_height > 65535 || s.padding_width > 65535) refuse("padding is at most 65535");
    const auto fits = [&](std::uint64_t input, std::uint64_t padding, std::uint64_t filter) {
        return s.dilation * (filter - 1) + 1 <= input + 2 * padding;
    };
    if (!fits(s.height, s.padding_height, s.filter_height) || !fits(s.width, s.padding_width, s.filter_width)) {
        refuse("the filter does not fit into the padded input");
    }
    if (s.channels % s.groups != 0 || s.filters % s.groups != 0) {
        refuse("the groups must divide the channels and the filters");
    }
}

std::string to_string(const conv2d_shape& s) {
    const auto by = [](std::uint32_t a, std::uint32_t b) { return std::to_string(a) + "x" + std::to_string(b); };
    return "the convolution of " + std::to_string(s.batch) + " x " + by(s.height, s.width) + " x " +
           std::to_string(s.channels) + " by " + std::to_string(s.filters) + " filters of " +
           by(s.filter_height, s.filter_width) + " (stride " + std::to_string(s.stride) + ", padding " +
           by(s.padding_height, s.padding_width) + ", dilation " + std::to_string(s.dilation) + ", groups " +
           std::to_string(s.groups) + ")";
}

conv2d_plan plan_conv2d(const conv2d_shape& shape, const conv2d_types& types, const die& on) {
    require_shape(shape);
    return convolution_planner(shape, types, on).best();
}

}  // namespace d1::kernels
