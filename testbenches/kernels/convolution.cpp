// The programs of a convolution, and where its tensors lie.

#include "testbenches/kernels/convolution.hpp"

#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "models/parameter/error.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/convolution_geometry.hpp"
#include "testbenches/kernels/gemm.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

using program::affine;

class convolution_generator {
  public:
    convolution_generator(const geometry& g, const seat& s, bool is_gradient, const die& on)
        : g_(g),
          s_(s),
          halos_(s.row == 0 ? halos_of(g, s) : std::vector<halo>()),
          blocks_(g.blocks_of(s.units)),
          groups_(g.groups_of(s.units)),
          build_(unlimited_builder("conv2d", on)),
          slab_(buffer(is_gradient ? "d_output" : "input", g.slab_bytes(g.plan.band_rows), g.types.input, s.row == 0)),
          weights_(buffer("weights", g.weight_bytes(), g.types.weights, s.column == 0)),
          output_(build_.buffer(is_gradient ? "d_input" : "output",
                                g.output_elements() * numerics::bytes(g.types.output.format), g.types.output)),
          slab_arrived_(build_.semaphores("slab_arrived")),
          slab_ready_(build_.semaphores("slab_ready", 2)),
          weights_arrived_(build_.semaphores("weights_arrived")),
          weights_ready_(build_.semaphores("weights_ready", 2)) {
        if (!g.in_place()) accumulators_ = build_.buffer("accumulators", g.accumulator_bytes(), fp32);
        computing_ = std::min(g.compute_threads(on.parameters().die.node.core.threads), s.output_rows);
    }

    [[nodiscard]] program::program make(const die& on) {
        for (std::uint32_t i = 0; i < computing_; ++i) compute(i);
        if (moves_slab()) move_slab();
        if (moves_weights()) move_weights();
        return finish(build_, on, to_string(g_.shape));
    }
    [[nodiscard]] std::uint32_t slab_address() const { return slab_.address(); }
    [[nodiscard]] std::uint32_t weights_address() const { return weights_.address(); }
    [[nodiscard]] std::uint32_t output_address() const { return output_.address(); }

  private:
    program::buffer_handle buffer(const char* name, std::uint64_t bytes, numerics::element_type type, bool is_input) {
        return is_input ? build_.input_buffer(name, bytes, type) : build_.buffer(name, bytes, type);
    }
    [[nodiscard]] bool moves_slab() const { return !halos_.empty() || g_.plan.filter_parts > 1; }
    [[nodiscard]] bool moves_weights() const { return g_.plan.columns() > 1; }
    [[nodiscard]] bool gets_weights() const { return s_.column != 0; }
    [[nodiscard]] bool waits_for_slab() const { return s_.row != 0 || !halos_.empty(); }

    /// A chunk of weights, inside the loops over it.
    struct chunk {
        affine group;
        affine filter_row;
        std::uint32_t filter_column = 0;
        affine number;
        std::uint32_t steps = 0;
        affine offset;  ///< bytes into the weights
    };
    template <typename Body>
    void for_each_chunk_of_group(program::thread_builder& t, const affine& group, Body&& body) {
        const k_split k = g_.channel_split();
        const std::uint64_t tap = g_.tap_bytes(blocks_);
        const auto r = t.loop(g_.shape.filter_height);
        for (std::uint32_t c = 0; c < g_.shape.filter_width; ++c) {
            const affine offset =
                group * g_.group_bytes(blocks_) + (affine(r) * g_.shape.filter_width + affine(c)) * tap;
            if (k.whole() != 0) {
                const auto n = t.loop(k.whole());
                body(chunk{group, r, c, n, k.chunk, offset + n * g_.chunk_bytes(k.chunk, blocks_)});
            }
            if (k.tail() != 0) {
                const affine before = affine(k.whole() * g_.chunk_bytes(k.chunk, blocks_));
                body(chunk{group, r, c, k.whole(), k.tail(), offset + before});
            }
        }
    }

    /// Every `computing_`-th output row of every image, from row `first` on, and
    /// all filters.
    void compute(std::uint32_t first) {
        auto t = build_.thread();
        const std::uint32_t rows = (s_.output_rows + computing_ - 1 - first) / computing_;
        if (waits_for_slab()) t.wait(slab_ready_[first]);
        const auto group = t.loop(groups_);
        const auto for_each_row = [&](auto&& body) {
            const auto image = t.loop(s_.images);
            const auto row = t.loop(rows);
            body(affine(image), affine(row) * computing_ + affine(first));
        };
        for_each_chunk_of_group(t, group, [&](const chunk& c) {
            if (gets_weights()) t.wait(weights_ready_[first], transfer_pieces(g_.chunk_bytes(c.steps, blocks_)));
            for_each_row([&](const affine& image, const affine& row) {
                t.matrix_multiply({.c = accumulators(group, image, row),
                                   .a = slice(c, image, row),
                                   .b = weights_ + c.offset,
                                   .accumulate = c.filter_row + affine(c.filter_column) + c.number,
                                   .row_blocks = g_.pixel_blocks,
                                   .column_blocks = blocks_,
                                   .k_steps = c.steps,
                                   .a_type = g_.types.input,
                                   .b_type = g_.types.weights,
                                   .a_step_stride = static_cast<std::int64_t>(g_.step_stride())});
            });
        });
        if (g_.in_place()) return;
        for_each_row([&](const affine& image, const affine& row) {
            t.vector_operation(
                {.operation = numerics::elementwise_operation::convert,
                 .destination = output_ + index(group, image, row) * numerics::bytes(g_.types.output.format),
                 .a = accumulators(group, image, row),
                 .elements = static_cast<std::uint32_t>(g_.row_elements(blocks_)),
                 .destination_type = g_.types.output,
                 .a_type = fp32});
        });
    }
    /// The first element of an output row among the results of all groups.
    [[nodiscard]] affine index(const affine& group, const affine& image, const affine& row) const {
        return group * g_.group_elements(s_.output_rows, blocks_) +
               (image * s_.output_rows + row) * g_.row_elements(blocks_);
    }
    [[nodiscard]] affine accumulators(const affine& group, const affine& image, const affine& row) const {
        return g_.in_place() ? output_ + index(group, image, row) * sizeof(float)
                             : *accumulators_ + index(0, image, row) * sizeof(float);
    }
    /// The first slice of A for an output row and a chunk.
    [[nodiscard]] affine slice(const chunk& c, const affine& image, const affine& row) const {
        // Nodes of a row share a program, and in it first_unit is the same or grows
        // with y.
        const affine first_group = g_.shape.groups == 1 ? affine(0) : first_unit(g_, s_);
        const affine slab_row =
            image * g_.slab_rows(s_.output_rows) + row * g_.row_step + c.filter_row * g_.shape.dilation;
        const affine step = (first_group + c.group) * g_.group_steps + c.number * g_.plan.chunk_steps;
        return slab_ + slab_row * g_.row_bytes() + step * g_.step_stride() +
               affine(g_.phase(c.filter_column) * g_.plane_bytes() +
                      std::uint64_t{g_.first_pixel(c.filter_column)} * g_.pixel_bytes());
    }
    void move_slab() {
        auto t = build_.thread();
        const std::uint64_t image_bytes = g_.slab_rows(s_.output_rows) * g_.row_bytes();
        if (!halos_.empty()) {
            for (const halo& h : halos_) {
                // Several images are whole ones, which have no halo.
                t.pull({.from = {program::x() + affine(h.bands_behind), 0},
                        .source = slab_ + affine(h.source_row * g_.row_bytes()),
                        .destination = slab_ + affine(h.row * g_.row_bytes()),
                        .shape = {.rows = 1, .row_bytes = static_cast<std::uint32_t>(h.rows * g_.row_bytes())},
                        .done = program::semaphore_update<affine>{slab_arrived_, 1}});
            }
            t.wait(slab_arrived_, halos_.size());
        }
        std::optional<program::node_reference<affine>> next;
        if (s_.row + 1 != g_.plan.filter_parts) next = {program::x(), program::y() + affine(1)};
        pass_on(t, slab_, s_.images * image_bytes, next, s_.row == 0, slab_arrived_);
        if (waits_for_slab()) {
            for (std::uint32_t i = 0; i < computing_; ++i) t.signal(slab_ready_[i]);
        }
    }

    void move_weights() {
        auto t = build_.thread();
        std::optional<program::node_reference<affine>> next;
        if (s_.column + 1 != g_.plan.columns()) next = {program::x() + affine(1), program::y()};
        const auto group = t.loop(groups_);
        for_each_chunk_of_group(t, group, [&](const chunk& c) {
            const std::uint64_t bytes = g_.chunk_bytes(c.steps, blocks_);
            pass_on(t, weights_ + c.offset, bytes, next, s_.column == 0, weights_arrived_);
            if (!gets_weights()) return;
            for (std::uint32_t i = 0; i < computing_; ++i) t.signal(weights_ready_[i], transfer_pieces(bytes));
        });
    }

    const geometry& g_;
    const seat& s_;
    std::vector<halo> halos_;
    std::uint32_t blocks_;
    std::uint32_t groups_;
    program::program_builder build_;
    program::buffer_handle slab_;
    program::buffer_handle weights_;
    program::buffer_handle output_;
    program::semaphore_handle slab_arrived_;
    program::semaphore_handle slab_ready_;
    program::semaphore_handle weights_arrived_;
    program::semaphore_handle weights_ready_;
    std::optional<program::buffer_handle> accumulators_;
    std::uint32_t computing_ = 1;
};

/// Where a convolution's operands come from: from tensors of its own shape, or, for an input gradient, from the
/// gradient of the results, whose pixels and rows stand `spacing` apart with zeros between them, and from weights that
/// are turned round, channels and filters exchanged.
struct origin {
    std::uint32_t height = 0;
    std::uint32_t width = 0;
    std::uint32_t spacing = 1;
    bool is_gradient = false;
};

/// The pixels of a phase that lie in the input, and where the first of them
/// stands in its plane.
struct plane_part {
    std::uint32_t first_column = 0;  ///< of the input
    std::uint32_t first_pixel = 0;
    std::uint32_t pixels = 0;
};
plane_part part_of_plane(const geometry& g, std::uint32_t phase, const origin& from) {
    const conv2d_shape& s = g.shape;
    if (from.is_gradient) return {0, s.padding_width, from.width};  // there is one phase
    plane_part part;
    for (std::uint32_t p = 0; p < g.plane_pixels; ++p) {
        const std::uint64_t column = std::uint64_t{p} * s.stride + phase;  // of the padded input
        if (column < s.padding_width || column >= std::uint64_t{s.padding_width} + s.width) continue;
        if (part.pixels++ == 0) {
            part.first_column = static_cast<std::uint32_t>(column) - s.padding_width;
            part.first_pixel = p;
        }
    }
    return part;
}

/// The own rows of a slab, plane by plane.
void add_input(std::vector<piece>& all, const geometry& g, const seat& s, const origin& from) {
    const conv2d_shape& shape = g.shape;
    const std::uint32_t rows = g.slab_rows(s.output_rows);
    all.push_back({.node = s.place()});  // so that padding is there even where nothing else is
    for (std::uint32_t i = 0; i < s.images; ++i) {
        for (std::uint32_t r = 0; r < s.own_rows(g); ++r) {
            const std::uint64_t padded = std::uint64_t{s.output_row} * shape.stride +
                                         std::uint64_t{r} * (shape.filter_height == 1 ? shape.stride : 1);
            if (padded < shape.padding_height || (padded - shape.padding_height) % from.spacing != 0) continue;
            const std::uint64_t row = (padded - shape.padding_height) / from.spacing;
            if (row >= from.height) continue;
            const std::uint64_t line = (std::uint64_t{s.image} + i) * from.height + row;
            for (std::uint32_t step = 0; step < g.group_steps * shape.groups; ++step) {
                const std::uint32_t within = step % g.group_steps * numerics::step_depth;
                const std::uint32_t channel = step / g.group_steps * shape.group_channels() + within;
                for (std::size_t f = 0; f < g.phases.size(); ++f) {
                    const plane_part part = part_of_plane(g, g.phases[f], from);
                    if (part.pixels == 0) continue;
                    const std::uint64_t plane =
                        (i * std::uint64_t{rows} + r) * g.row_bytes() + step * g.step_stride() + f * g.plane_bytes();
                    all.push_back({.node = s.place(),
                                   .offset = plane + std::uint64_t{part.first_pixel} * g.pixel_bytes(),
                                   .first = (line * from.width + part.first_column) * shape.channels + channel,
                                   .rows = part.pixels,
                                   .columns = std::min(numerics::step_depth, shape.group_channels() - within),
                                   .stride = std::uint64_t{shape.stride} * shape.channels,
                                   .pitch = from.spacing * g.pixel_bytes()});
                }
            }
        }
    }
}

/// The weights of a node's filters, slice by slice.
void add_weights(std::vector<piece>& all, const geometry& g, const seat& s, const origin& from) {
    const conv2d_shape& shape = g.shape;
    const std::uint32_t blocks = g.blocks_of(s.units);
    const std::uint32_t groups = g.groups_of(s.units);
    const std::uint32_t taps = shape.filter_height * shape.filter_width;
    const k_split k = g.channel_split();
    for (std::uint32_t group = 0; group < groups; ++group) {
        for (std::uint32_t tap = 0; tap < taps; ++tap) {
            for (std::uint32_t step = 0; step < g.group_steps; ++step) {
                const std::uint32_t chunk = step / k.chunk;
                const std::uint32_t steps = std::min(k.chunk, g.group_steps - chunk * k.chunk);
                const std::uint64_t chunk_offset =
                    group * g.group_bytes(blocks) + tap * g.tap_bytes(blocks) + chunk * g.chunk_bytes(k.chunk, blocks);
                const std::uint32_t channel = step * numerics::step_depth;
                for (std::uint32_t b = 0; b < blocks; ++b) {
                    const std::uint32_t within = (shape.groups == 1 ? s.first_unit + b : b) * numerics::block_columns;
                    const std::uint32_t first_group = shape.groups == 1 ? 0 : s.first_unit + group;
                    const std::uint64_t straight =
                        (std::uint64_t{tap} * shape.group_channels() + channel) * shape.filters +
                        std::uint64_t{first_group} * shape.group_filters() + within;
                    // Channels of the gradient are filters of the weights, and its filters their channels.
                    const std::uint64_t turned =
                        (std::uint64_t{taps - 1 - tap} * shape.group_filters() + within) * shape.channels +
                        std::uint64_t{first_group} * shape.group_channels() + channel;
                    all.push_back(
                        {.node = s.place(),
                         .offset = chunk_offset + (std::uint64_t{b} * steps + step % k.chunk) * g.slice_bytes(),
                         .first = from.is_gradient ? turned : straight,
                         .rows = std::min(numerics::step_depth, shape.group_channels() - channel),
                         .columns = std::min(numerics::block_columns, shape.group_filters() - within),
                         .stride = from.is_gradient ? 1 : shape.filters,
                         .pitch = numerics::block_columns * numerics::bytes(g.types.weights.format),
                         .column_stride = from.is_gradient ? shape.channels : 1});
                }
            }
        }
    }
}

/// The results of a node, block by block.
void add_output(std::vector<piece>& all, const geometry& g, const seat& s) {
    const conv2d_shape& shape = g.shape;
    const std::uint32_t blocks = g.blocks_of(s.units);
    const std::uint32_t bytes = numerics::bytes(g.types.output.format);
    std::uint64_t offset = 0;
    for (std::uint32_t group = 0; group < g.groups_of(s.units); ++group) {
        for (std::uint32_t i = 0; i < s.images; ++i) {
            for (std::uint32_t r = 0; r < s.output_rows; ++r) {
                const std::uint64_t line = (std::uint64_t{s.image} + i) * shape.output_height() + s.output_row + r;
                for (std::uint32_t p = 0; p < g.pixel_blocks; ++p) {
                    for (std::uint32_t b = 0; b < blocks;
                         ++b, offset += std::uint64_t{numerics::block_elements} * bytes) {
                        const std::uint32_t pixel = p * numerics::block_rows;
                        const std::uint32_t within =
                            (shape.groups == 1 ? s.first_unit + b : b) * numerics::block_columns;
                        const std::uint32_t filter =
                            (shape.groups == 1 ? 0 : (s.first_unit + group) * shape.group_filters()) + within;
                        all.push_back({.node = s.place(),
                                       .offset = offset,
                                       .first = (line * shape.output_width() + pixel) * shape.filters + filter,
                                       .rows = std::min(numerics::block_rows, shape.output_width() - pixel),
                                       .columns = std::min(numerics::block_columns, shape.group_filters() - within),
                                       .stride = shape.filters,
                                       .pitch = numerics::block_columns * bytes});
                    }
                }
            }
        }
    }
}

/// A convolution of one pixel's filters is the product of the pixels and the weights, whatever its stride and padding.
kernel make_product(const conv2d_shape& s, const conv2d_types& types, const die& on) {
    const std::uint64_t pixels = std::uint64_t{s.output_height()} * s.output_width();
    const gemm product({.m = s.batch * pixels, .n = s.filters, .k = s.channels},
                       {.output = types.output, .a = types.input, .b = types.weights}, on);
    const auto first_of_pixel = [s, pixels](std::uint64_t m) -> std::optional<std::uint64_t> {
        const auto place = [&](std::uint64_t output, std::uint32_t padding) {
            return static_cast<std::int64_t>(output * s.stride) - padding;
        };
        const std::int64_t row = place(m % pixels / s.output_width(), s.padding_height);
        const std::int64_t column = place(m % s.output_width(), s.padding_width);
        if (row < 0 || row >= s.height || column < 0 || column >= s.width) return std::nullopt;
        const std::uint64_t line = m / pixels * s.height + static_cast<std::uint64_t>(row);
        return (line * s.width + static_cast<std::uint64_t>(column)) * s.channels;
    };
    return product.as_kernel(
        {.name = "input",
         .type = types.input,
         .use = tensor_use::input,
         .elements = std::uint64_t{s.batch} * s.height * s.width * s.channels},
        {first_of_pixel, 1},
        {.name = "weights",
         .type = types.weights,
         .use = tensor_use::input,
         .elements = std::uint64_t{s.channels} * s.filters},
        {[](std::uint64_t filter) { return std::optional(filter); }, s.filters},
        {.name = "output", .type = types.output, .use = tensor_use::output, .elements = s.batch * pixels * s.filters});
}

kernel make(const conv2d_shape& shape, const conv2d_types& types, const origin& from, const die& on) {
    const geometry g(shape, types, plan_conv2d(shape, types, on));
    job j{on.place({static_cast<std::int32_t>(g.plan.columns()), static_cast<std::int32_t>(g.plan.filter_parts)}), {}};
    tensor input{.name = from.is_gradient ? "d_output" : "input", .type = types.input, .use = tensor_use::input};
    tensor weights{.name = "weights", .type = types.weights, .use = tensor_use::input};
    tensor output{.name = from.is_gradient ? "d_input" : "output", .type = types.output, .use = tensor_use::output};
    input.elements = std::uint64_t{shape.batch} * from.height * from.width * shape.channels;
    weights.elements = std::uint64_t{shape.filter_height} * shape.filter_width * shape.group_channels() * shape.filters;
    output.elements = std::uint64_t{shape.batch} * shape.output_height() * shape.output_width() * shape.filters;
    input.bytes = static_cast<std::uint32_t>(g.slab_bytes(g.plan.band_rows));
    weights.bytes = static_cast<std::uint32_t>(g.weight_bytes());
    output.bytes = static_cast<std::uint32_t>(g.output_elements() * numerics::bytes(types.output.format));

    // Nodes run the same program where they are at the same place of their lines
    // and have as much to do.
    const auto place_in_line = [](std::uint32_t n, std::uint32_t all) {
        return (n == 0 ? 1 : 0) + (n + 1 == all ? 2 : 0);
    };
    std::map<std::tuple<int, int, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, bool>, std::size_t> roles;
    for (std::uint32_t column = 0; column < g.plan.columns(); ++column) {
        for (std::uint32_t row = 0; row < g.plan.filter_parts; ++row) {
            const seat s(g, column, row);
            const bool is_longer = row < g.filter_split().total % g.filter_split().parts;
            // How many bands are behind decides where the halo comes from; far from
            // the end it is all the same.
            const std::uint32_t behind = std::min(g.plan.bands - 1 - s.band, g.slab_rows(g.plan.band_rows));
            const auto [role, is_new] =
                roles.try_emplace({place_in_line(column, g.plan.columns()), place_in_line(row, g.plan.filter_parts),
                                   s.images, s.output_rows, s.units, row == 0 ? behind : 0, is_longer},
                                  j.roles.size());
            if (is_new) {
                convolution_generator made(g, s, from.is_gradient, on);
                j.roles.push_back({std::make_shared<const program::program>(made.make(on)), {}});
                input.address = made.slab_address();
                weights.address = made.weights_address();
                output.address = made.output_address();
            }
            j.roles[role->second].members.push_back(s.place());
            if (row == 0) add_input(input.pieces, g, s, from);
            if (column == 0) add_weights(weights.pieces, g, s, from);
            add_output(output.pieces, g, s);
        }
    }
    return {std::move(j), {std::move(input), std::move(weights), std::move(output)}};
}

}  // namespace

kernel make_conv2d(const conv2d_shape& shape, const conv2d_types& types, const die& on) {
    require_shape(shape);
    if (shape.filter_height * shape.filter_width * shape.groups == 1) return make_product(shape, types, on);
    return make(shape, types, {shape.height, shape.width}, on);
}

kernel make_conv2d_input_gradient(const conv2d_shape& shape, const conv2d_types& types, const die& on) {
    require_shape(shape);
    const std::uint32_t reach_down = shape.dilation * (shape.filter_height - 1);
    const std::uint32_t reach_right = shape.dilation * (shape.filter_width - 1);
    if (shape.padding_height > reach_down || shape.padding_width > reach_right) {
        throw input_error(error_class::layer,
                          to_string(shape) + ": no gradient where the padding is wider than the filter");
    }
    // Rows that no window reaches in full still belong to the input: those that the stride leaves over.
    const auto spaced = [&](std::uint32_t input, std::uint32_t padding, std::uint32_t reach) {
        return input + 2 * padding - reach;
    };
    conv2d_shape turned = shape;
    turned.height = spaced(shape.height, shape.padding_height, reach_down);
    turned.width = spaced(shape.width, shape.padding_width, reach_right);
    turned.channels = shape.filters;
    turned.filters = shape.channels;
    turned.stride = 1;
    turned.padding_height = reach_down - shape.padding_height;
    turned.padding_width = reach_right - shape.padding_width;
    return make(turned, types, {shape.output_height(), shape.output_width(), shape.stride, true}, on);
}

}  // namespace d1::kernels
