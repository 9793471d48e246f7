#pragma once
// Where things of a convolution lie in a node. Private to the convolution.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "models/numerics/matrix.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/convolution.hpp"

namespace d1::kernels {

[[nodiscard]] std::string to_string(const conv2d_shape& s);

/// Throws input_error for a shape that is none.
void require_shape(const conv2d_shape& s);

/// Cycles from a product to the next like it, each thread of `threads` making one behind the other: of several, one is
/// issued and loads its first operands while another computes.
[[nodiscard]] inline std::uint64_t cycles_of_each(const program::matrix_multiply<std::int64_t>& m,
                                                  std::uint32_t threads, const die& on) {
    const core_parameters& core = on.parameters().die.node.core;
    const unit_demand d = on.cost_of(m);
    const std::uint64_t alone = d.cycles + d.latency + core.issue_cycles;
    const std::uint64_t units = busiest_cycles(d.slots, unit_rates(core, on.parameters().die.node.sram));
    return threads > 1 ? std::max<std::uint64_t>(units, divide_up(alone, threads)) + 1 : alone;
}

/// The layouts of a convolution under a plan.
///
/// The *slab* of a node: the input rows that its output rows need, image by
/// image. A row holds, for each step of four channels and each *phase*, a plane
/// of pixels of four channels each. Phase f has the pixels f, f + stride, ...:
/// those that output pixels next to each other meet at one filter column. So a
/// slice of A, eight output pixels by four channels, is dense wherever the
/// filter stands, and begins at any pixel. Zeros of the padding lie in the
/// slab.
///
/// Weights lie as the products take them: group, filter row, filter column,
/// chunk of steps; in a chunk [block of eight filters][step], from a line on.
struct geometry {
    conv2d_shape shape;
    conv2d_types types;
    conv2d_plan plan;
    std::uint32_t group_steps;   ///< steps of four channels in a group
    std::uint32_t group_blocks;  ///< blocks of eight filters in a group
    std::uint32_t pixel_blocks;  ///< blocks of eight output pixels in a row
    std::uint32_t row_step;      ///< rows of the slab from output row to output row
    std::vector<std::uint32_t> phases;
    std::uint32_t plane_pixels;

    geometry(const conv2d_shape& s, const conv2d_types& t, const conv2d_plan& p)
        : shape(s),
          types(t),
          plan(p),
          group_steps(divide_up(s.group_channels(), numerics::step_depth)),
          group_blocks(divide_up(s.group_filters(), numerics::block_columns)),
          pixel_blocks(divide_up(s.output_width(), numerics::block_rows)),
          row_step(s.filter_height == 1 ? 1 : s.stride) {
        for (std::uint32_t c = 0; c < s.filter_width; ++c) phases.push_back(c * s.dilation % s.stride);
        std::ranges::sort(phases);
        phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
        plane_pixels = first_pixel(s.filter_width - 1) + pixel_blocks * numerics::block_rows;
    }

    /// The phase that filter column c meets, and the first pixel of it.
    [[nodiscard]] std::uint32_t phase(std::uint32_t c) const {
        return static_cast<std::uint32_t>(std::ranges::find(phases, c * shape.dilation % shape.stride) -
                                          phases.begin());
    }
    [[nodiscard]] std::uint32_t first_pixel(std::uint32_t c) const { return c * shape.dilation / shape.stride; }

    // The slab.
    [[nodiscard]] std::uint32_t pixel_bytes() const {
        return numerics::step_depth * numerics::bytes(types.input.format);
    }
    [[nodiscard]] std::uint64_t plane_bytes() const { return std::uint64_t{plane_pixels} * pixel_bytes(); }
    [[nodiscard]] std::uint64_t step_stride() const { return plane_bytes() * phases.size(); }
    [[nodiscard]] std::uint64_t row_bytes() const { return line_up(step_stride() * group_steps * shape.groups); }
    [[nodiscard]] std::uint32_t slab_rows(std::uint32_t output_rows) const {
        return (output_rows - 1) * row_step + (shape.filter_height - 1) * shape.dilation + 1;
    }
    [[nodiscard]] std::uint64_t slab_bytes(std::uint32_t output_rows) const {
        return std::uint64_t{plan.images} * slab_rows(output_rows) * row_bytes();
    }

    // Filters.
    [[nodiscard]] std::uint32_t filter_units() const { return shape.groups == 1 ? group_blocks : shape.groups; }
    [[nodiscard]] block_split filter_split() const { return {filter_units(), plan.filter_parts}; }
    [[nodiscard]] std::uint32_t groups_of(std::uint32_t units) const { return shape.groups == 1 ? 1 : units; }
    [[nodiscard]] std::uint32_t blocks_of(std::uint32_t units) const {
        return shape.groups == 1 ? units : group_blocks;
    }
    [[nodiscard]] std::uint32_t largest_groups() const { return groups_of(filter_split().largest()); }
    [[nodiscard]] std::uint32_t largest_blocks() const { return blocks_of(filter_split().largest()); }

    // Weights.
    [[nodiscard]] k_split channel_split() const { return {group_steps, plan.chunk_steps}; }
    [[nodiscard]] std::uint32_t slice_bytes() const {
        return numerics::slice_elements * numerics::bytes(types.weights.format);
    }
    [[nodiscard]] std::uint64_t chunk_bytes(std::uint32_t steps, std::uint32_t blocks) const {
        return line_up(std::uint64_t{steps} * blocks * slice_bytes());
    }
    [[nodiscard]] std::uint64_t chunk_bytes(std::uint32_t steps) const { return chunk_bytes(steps, largest_blocks()); }
    [[nodiscard]] std::uint64_t tap_bytes(std::uint32_t blocks) const {
        const k_split k = channel_split();
        return k.whole() * chunk_bytes(k.chunk, blocks) + (k.tail() != 0 ? chunk_bytes(k.tail(), blocks) : 0);
    }
    [[nodiscard]] std::uint64_t group_bytes(std::uint32_t blocks) const {
        return tap_bytes(blocks) * shape.filter_height * shape.filter_width;
    }
    [[nodiscard]] std::uint64_t weight_bytes() const { return group_bytes(largest_blocks()) * largest_groups(); }

    // Results: [group][image][row][block of pixels][block of filters] blocks of
    // 8x8.
    [[nodiscard]] std::uint64_t row_elements(std::uint32_t blocks) const {
        return std::uint64_t{pixel_blocks} * blocks * numerics::block_elements;
    }
    [[nodiscard]] std::uint64_t group_elements(std::uint32_t rows, std::uint32_t blocks) const {
        return row_elements(blocks) * plan.images * rows;
    }
    [[nodiscard]] std::uint64_t output_elements() const {
        return group_elements(plan.band_rows, largest_blocks()) * largest_groups();
    }
    [[nodiscard]] bool in_place() const { return types.output.format == numerics::number_format::fp32; }
    [[nodiscard]] std::uint64_t accumulator_bytes() const {
        return in_place() ? 0 : group_elements(plan.band_rows, largest_blocks()) * sizeof(float);
    }

    [[nodiscard]] std::uint64_t node_bytes() const {
        return line_up(slab_bytes(plan.band_rows)) + line_up(weight_bytes()) +
               line_up(output_elements() * numerics::bytes(types.output.format)) + line_up(accumulator_bytes());
    }
    /// Threads that compute: every other output row each.
    [[nodiscard]] std::uint32_t compute_threads(std::uint32_t threads) const {
        return threads >= 4 && plan.band_rows > 1 ? 2 : 1;
    }
};

/// One node of the logical rectangle: column c stands for the images and rows,
/// row r for the filters.
struct seat {
    std::uint32_t column;
    std::uint32_t row;
    std::uint32_t image;  ///< the first of its images
    std::uint32_t images;
    std::uint32_t band;
    std::uint32_t output_row;  ///< the first of its output rows
    std::uint32_t output_rows;
    std::uint32_t units;  ///< of filters
    std::uint32_t first_unit;

    seat(const geometry& g, std::uint32_t c, std::uint32_t r)
        : column(c),
          row(r),
          image(c / g.plan.bands * g.plan.images),
          images(std::min(g.plan.images, g.shape.batch - image)),
          band(c % g.plan.bands),
          output_row(band * g.plan.band_rows),
          output_rows(std::min(g.plan.band_rows, g.shape.output_height() - output_row)),
          units(g.filter_split().size(r)),
          first_unit(g.filter_split().first(r)) {}

    [[nodiscard]] coordinate place() const {
        return {static_cast<std::int32_t>(column), static_cast<std::int32_t>(row)};
    }
    [[nodiscard]] bool is_last_band(const geometry& g) const { return band + 1 == g.plan.bands; }
    /// Rows of the slab that begin here; the others begin in the bands behind.
    [[nodiscard]] std::uint32_t own_rows(const geometry& g) const {
        const std::uint32_t all = g.slab_rows(output_rows);
        return is_last_band(g) ? all : std::min(all, g.plan.band_rows * g.row_step);
    }
};

/// Rows of a slab that begin in another band.
struct halo {
    std::uint32_t bands_behind;
    std::uint32_t source_row;  ///< of that band's slab
    std::uint32_t row;         ///< of the own slab
    std::uint32_t rows;
};

[[nodiscard]] inline std::vector<halo> halos_of(const geometry& g, const seat& s) {
    std::vector<halo> all;
    const std::uint32_t step = g.plan.band_rows * g.row_step;
    const std::uint32_t to_last = g.plan.bands - 1 - s.band;
    for (std::uint32_t row = s.own_rows(g); row < g.slab_rows(s.output_rows);) {
        const std::uint32_t behind = std::min(to_last, row / step);
        const std::uint32_t end =
            behind == to_last ? g.slab_rows(s.output_rows) : std::min((behind + 1) * step, g.slab_rows(s.output_rows));
        all.push_back({behind, row - behind * step, row, end - row});
        row = end;
    }
    return all;
}

/// The first of a node's filter units, from the node's own row: the same expression for all with as many.
[[nodiscard]] inline program::affine first_unit(const geometry& g, const seat& s) {
    const block_split units = g.filter_split();
    const std::uint32_t longer = units.total % units.parts;
    return s.row < longer ? program::y() * s.units : program::y() * s.units + program::affine(longer);
}

/// Parts that differ in the size of the largest: the fewest for each size.
[[nodiscard]] inline std::vector<std::uint32_t> useful_parts(std::uint32_t total, std::uint32_t most) {
    std::vector<std::uint32_t> parts;
    for (std::uint32_t n = std::min(total, most); n >= 1; --n) {
        if (divide_up(total, divide_up(total, n)) == n) parts.push_back(n);
    }
    return parts;
}

}  // namespace d1::kernels
