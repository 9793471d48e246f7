// The gradient of a convolution's weights.

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "models/parameter/error.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/convolution.hpp"
#include "testbenches/kernels/convolution_geometry.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

using program::affine;

constexpr std::uint32_t block_bytes = numerics::block_elements * sizeof(float);
constexpr std::uint32_t images_in_step = numerics::step_depth;

/// Layouts of a weight gradient. A slice holds four images: of the input eight channels of a pixel, of d_output eight
/// filters of one. So the step that a filter's tap takes from pixel to pixel is one from slice to slice, wherever the
/// filter stands.
///
///     slab      [four][row][pixel][group][block of channels], zeros of the padding included
///     d_output  [four][row][group][block of filters][pixel], each row on a line
///     sums      [filter row][filter column][group][block of channels][block of filters] blocks of 8x8
///
/// Bands, filters and the slab's rows are those of `all`, whose images stand in fours.
struct gradient_layout {
    geometry all;
    std::uint32_t chunk;  ///< blocks of channels that are summed, and passed on, together

    [[nodiscard]] const conv2d_shape& shape() const { return all.shape; }
    [[nodiscard]] std::uint32_t channel_blocks() const {  ///< of a group
        return divide_up(shape().group_channels(), numerics::block_rows);
    }
    [[nodiscard]] k_split chunks() const { return {channel_blocks(), chunk}; }

    // A filter of one column needs no pixel between those that it stands on.
    [[nodiscard]] std::uint32_t pixel_step() const { return shape().filter_width == 1 ? 1 : shape().stride; }
    [[nodiscard]] std::uint32_t pixels() const {
        return (shape().output_width() - 1) * pixel_step() + (shape().filter_width - 1) * shape().dilation + 1;
    }
    [[nodiscard]] std::uint32_t slice_bytes() const {
        return numerics::slice_elements * numerics::bytes(all.types.input.format);
    }
    [[nodiscard]] std::uint64_t pixel_bytes() const {
        return std::uint64_t{shape().groups} * channel_blocks() * slice_bytes();
    }
    [[nodiscard]] std::uint64_t row_bytes() const { return line_up(pixels() * pixel_bytes()); }
    /// Of four images.
    [[nodiscard]] std::uint64_t slab_bytes(std::uint32_t output_rows) const {
        return all.slab_rows(output_rows) * row_bytes();
    }
    [[nodiscard]] std::uint32_t fours() const { return divide_up(all.plan.images, images_in_step); }
    [[nodiscard]] std::uint64_t largest_slab_bytes() const { return fours() * slab_bytes(all.plan.band_rows); }

    [[nodiscard]] std::uint64_t gradient_row_bytes(std::uint32_t blocks) const {
        return line_up(std::uint64_t{blocks} * shape().output_width() * all.slice_bytes());
    }
    [[nodiscard]] std::uint64_t gradient_bytes() const {
        return std::uint64_t{fours()} * all.plan.band_rows * all.largest_groups() *
               gradient_row_bytes(all.largest_blocks());
    }

    [[nodiscard]] std::uint32_t taps() const { return shape().filter_height * shape().filter_width; }
    /// Blocks of sums of a node.
    [[nodiscard]] std::uint64_t sums(std::uint32_t groups, std::uint32_t blocks) const {
        return std::uint64_t{taps()} * groups * channel_blocks() * blocks;
    }
    [[nodiscard]] std::uint64_t sum_bytes() const {
        return sums(all.largest_groups(), all.largest_blocks()) * block_bytes;
    }
    [[nodiscard]] bool in_place() const { return all.types.output.format == numerics::number_format::fp32; }
    [[nodiscard]] std::uint64_t result_bytes() const {
        return sum_bytes() / sizeof(float) * numerics::bytes(all.types.output.format);
    }
    [[nodiscard]] std::uint64_t node_bytes() const {
        return largest_slab_bytes() + gradient_bytes() + line_up(sum_bytes()) +
               (in_place() ? 0 : line_up(result_bytes()));
    }
    [[nodiscard]] std::uint32_t compute_threads(std::uint32_t threads) const {
        return threads >= 3 && chunks().count() > 1 ? 2 : 1;
    }
};

/// Tries all bands, parts of the filters and chunks; takes the least cycles by a closed form.
class weight_gradient_planner {
  public:
    weight_gradient_planner(const conv2d_shape& shape, const conv2d_types& types, const die& on)
        : shape_(shape), types_(types), on_(on), parameters_(on.parameters()) {}

    gradient_layout best() {
        const std::uint32_t fours = divide_up(shape_.batch, images_in_step);
        const std::uint32_t live = on_.live_nodes();
        for (const std::uint32_t parts : useful_parts(fours, live)) {
            try_parts({.images = divide_up(fours, parts) * images_in_step,
                       .image_parts = parts,
                       .band_rows = shape_.output_height()});
        }
        if (fours <= live) {
            for (const std::uint32_t bands : useful_parts(shape_.output_height(), live / fours)) {
                try_parts({.images = images_in_step,
                           .image_parts = fours,
                           .bands = bands,
                           .band_rows = divide_up(shape_.output_height(), bands)});
            }
        }
        if (!best_) refuse();
        return *best_;
    }

  private:
    void try_parts(conv2d_plan plan) {
        const std::uint32_t units = geometry(shape_, types_, plan).filter_units();
        for (const std::uint32_t parts : useful_parts(units, on_.live_nodes() / plan.columns())) {
            plan.filter_parts = parts;
            gradient_layout l{geometry(shape_, types_, plan), 1};
            least_bytes_ = std::min(least_bytes_, l.node_bytes());
            if (l.node_bytes() > parameters_.die.node.sram.bytes) continue;
            for (const std::uint32_t count : useful_parts(l.channel_blocks(), l.channel_blocks())) {
                l.chunk = divide_up(l.channel_blocks(), count);
                const std::uint64_t cycles = estimate(l);
                if (best_ && cycles >= least_cycles_) continue;
                best_ = l;
                least_cycles_ = cycles;
            }
        }
    }

    [[nodiscard]] std::uint64_t estimate(const gradient_layout& l) const {
        const core_parameters& core = parameters_.die.node.core;
        const conv2d_plan& plan = l.all.plan;
        program::matrix_multiply<std::int64_t> m{0, 8, 0, 1, l.chunk, l.all.largest_blocks(), shape_.output_width()};
        m.a_type = types_.input;
        m.b_type = types_.weights;
        m.a_step_stride = static_cast<std::int64_t>(l.pixel_step() * l.pixel_bytes());
        const std::uint32_t threads = l.compute_threads(core.threads);
        const std::uint64_t product = cycles_of_each(m, threads, on_);
        const std::uint64_t piece = std::uint64_t{l.fours()} * plan.band_rows * product + hop_overhead / threads;
        const std::uint64_t pieces = std::uint64_t{l.taps()} * l.all.largest_groups() * l.chunks().count();
        const std::uint64_t packets = std::uint64_t{l.chunk} * l.all.largest_blocks() * block_bytes / packet_bytes;
        const std::uint64_t slab = l.largest_slab_bytes() / packet_bytes;
        const std::uint64_t before = core.launch_cycles + (plan.bands > 1 ? slab / plan.band_rows : 0) +
                                     (plan.filter_parts > 1 ? slab + plan.filter_parts * hop_overhead : 0);
        return before + pieces * std::max(piece, packets) +
               (plan.columns() - 1) * (threads * piece + packets + hop_overhead);
    }

    [[noreturn]] void refuse() const {
        throw input_error(error_class::layer, "the weight gradient of " + to_string(shape_) +
                                                  " does not fit: each node needs at least " +
                                                  std::to_string(least_bytes_) + " B of SRAM and has " +
                                                  std::to_string(parameters_.die.node.sram.bytes) + " B (" +
                                                  std::to_string(on_.live_nodes()) + " live nodes)");
    }

    const conv2d_shape& shape_;
    const conv2d_types& types_;
    const die& on_;
    const d1_parameters& parameters_;
    std::optional<gradient_layout> best_;
    std::uint64_t least_cycles_ = 0;
    std::uint64_t least_bytes_ = std::numeric_limits<std::uint64_t>::max();

    static constexpr std::uint64_t hop_overhead = 40;  ///< cycles to pass a piece on beside its packets
};

class weight_gradient_generator {
  public:
    weight_gradient_generator(const gradient_layout& l, const seat& s, const die& on)
        : l_(l),
          s_(s),
          halos_(s.row == 0 ? halos_of(l.all, s) : std::vector<halo>()),
          blocks_(l.all.blocks_of(s.units)),
          groups_(l.all.groups_of(s.units)),
          fours_(divide_up(s.images, images_in_step)),
          build_(unlimited_builder("conv2d_weight_gradient", on)),
          slab_(s.row == 0 ? build_.input_buffer("input", l.largest_slab_bytes(), l.all.types.input)
                           : build_.buffer("input", l.largest_slab_bytes(), l.all.types.input)),
          gradient_(build_.input_buffer("d_output", l.gradient_bytes(), l.all.types.weights)),
          sums_(build_.buffer(l.in_place() ? "d_weights" : "sums", l.sum_bytes(), fp32)),
          result_(l.in_place() ? sums_ : build_.buffer("d_weights", l.result_bytes(), l.all.types.output)),
          slab_arrived_(build_.semaphores("slab_arrived")),
          slab_ready_(build_.semaphores("slab_ready", 2)),
          sums_arrived_(build_.semaphores("sums_arrived", 2)),
          threads_(l.compute_threads(on.parameters().die.node.core.threads)) {}

    [[nodiscard]] program::program make(const die& on) {
        for (std::uint32_t i = 0; i < threads_; ++i) compute(i);
        if (!halos_.empty() || l_.all.plan.filter_parts > 1) move_slab();
        return finish(build_, on, "the weight gradient of " + to_string(l_.shape()));
    }
    [[nodiscard]] std::uint32_t slab_address() const { return slab_.address(); }
    [[nodiscard]] std::uint32_t gradient_address() const { return gradient_.address(); }
    [[nodiscard]] std::uint32_t result_address() const { return result_.address(); }

  private:
    [[nodiscard]] bool waits_for_slab() const { return s_.row != 0 || !halos_.empty(); }
    [[nodiscard]] bool is_first() const { return s_.column == 0; }
    [[nodiscard]] bool is_last() const { return s_.column + 1 == l_.all.plan.columns(); }

    /// Some sums: of one tap and group, and of blocks of channels from `first` on.
    struct piece_of_sums {
        affine row, column, group, first;
        std::uint32_t channels = 0;  ///< blocks
    };

    /// Every `threads_`-th chunk of channels, from chunk `thread` on, of all taps and groups.
    void compute(std::uint32_t thread) {
        auto t = build_.thread();
        if (waits_for_slab()) t.wait(slab_ready_[thread]);
        const k_split chunks = l_.chunks();
        const std::uint32_t whole = (chunks.whole() + threads_ - 1 - thread) / threads_;
        const bool has_tail = chunks.tail() != 0 && chunks.whole() % threads_ == thread;
        const auto row = t.loop(l_.shape().filter_height);
        const auto column = t.loop(l_.shape().filter_width);
        const auto group = t.loop(groups_);
        if (whole != 0) {
            const auto n = t.loop(whole);
            sum(t, thread, {row, column, group, (affine(n) * threads_ + affine(thread)) * chunks.chunk, chunks.chunk});
        }
        if (has_tail) sum(t, thread, {row, column, group, affine(chunks.whole() * chunks.chunk), chunks.tail()});
    }

    void sum(program::thread_builder& t, std::uint32_t thread, const piece_of_sums& p) {
        const affine tap = p.row * l_.shape().filter_width + p.column;
        const affine block = ((tap * groups_ + p.group) * l_.channel_blocks() + p.first) * blocks_;
        const std::uint32_t blocks = p.channels * blocks_;
        if (!is_first()) t.wait(sums_arrived_[thread]);
        {
            const auto four = t.loop(fours_);
            const auto output_row = t.loop(s_.output_rows);
            const affine slab_row =
                four * l_.all.slab_rows(s_.output_rows) + output_row * l_.all.row_step + p.row * l_.shape().dilation;
            const affine first_group = l_.shape().groups == 1 ? affine(0) : first_unit(l_.all, s_);
            const affine slice = (first_group + p.group) * l_.channel_blocks() + p.first;
            t.matrix_multiply({.c = sums_ + block * block_bytes,
                               .a = slab_ + slab_row * l_.row_bytes() +
                                    p.column * (l_.shape().dilation * l_.pixel_bytes()) + slice * l_.slice_bytes(),
                               .b = gradient_ + ((four * s_.output_rows + output_row) * groups_ + p.group) *
                                                    l_.gradient_row_bytes(blocks_),
                               .accumulate = is_first() ? affine(four) + affine(output_row) : affine(1),
                               .row_blocks = p.channels,
                               .column_blocks = blocks_,
                               .k_steps = l_.shape().output_width(),
                               .a_type = l_.all.types.input,
                               .b_type = l_.all.types.weights,
                               .a_step_stride = static_cast<std::int64_t>(l_.pixel_step() * l_.pixel_bytes())});
        }
        if (!is_last()) {
            t.push({.to = {program::x() + affine(1), program::y()},
                    .source = sums_ + block * block_bytes,
                    .destination = sums_ + block * block_bytes,
                    .shape = {.rows = 1, .row_bytes = blocks * block_bytes},
                    .notify = program::semaphore_update<affine>{sums_arrived_[thread], 1}});
        } else if (!l_.in_place()) {
            t.vector_operation({.operation = numerics::elementwise_operation::convert,
                                .destination = result_ + block * (numerics::block_elements *
                                                                  numerics::bytes(l_.all.types.output.format)),
                                .a = sums_ + block * block_bytes,
                                .elements = blocks * numerics::block_elements,
                                .destination_type = l_.all.types.output,
                                .a_type = fp32});
        }
    }

    void move_slab() {
        auto t = build_.thread();
        for (const halo& h : halos_) {
            t.pull({.from = {program::x() + affine(h.bands_behind), 0},
                    .source = slab_ + affine(h.source_row * l_.row_bytes()),
                    .destination = slab_ + affine(h.row * l_.row_bytes()),
                    .shape = {.rows = 1, .row_bytes = static_cast<std::uint32_t>(h.rows * l_.row_bytes())},
                    .done = program::semaphore_update<affine>{slab_arrived_, 1}});
        }
        if (!halos_.empty()) t.wait(slab_arrived_, static_cast<std::int64_t>(halos_.size()));
        std::optional<program::node_reference<affine>> next;
        if (s_.row + 1 != l_.all.plan.filter_parts) next = {program::x(), program::y() + affine(1)};
        pass_on(t, slab_, fours_ * l_.slab_bytes(s_.output_rows), next, s_.row == 0, slab_arrived_);
        if (waits_for_slab()) {
            for (std::uint32_t i = 0; i < threads_; ++i) t.signal(slab_ready_[i]);
        }
    }

    const gradient_layout& l_;
    const seat& s_;
    std::vector<halo> halos_;
    std::uint32_t blocks_;
    std::uint32_t groups_;
    std::uint32_t fours_;
    program::program_builder build_;
    program::buffer_handle slab_;
    program::buffer_handle gradient_;
    program::buffer_handle sums_;
    program::buffer_handle result_;
    program::semaphore_handle slab_arrived_;
    program::semaphore_handle slab_ready_;
    program::semaphore_handle sums_arrived_;
    std::uint32_t threads_;
};

/// The own rows of a slab, slice by slice.
void add_input(std::vector<piece>& all, const gradient_layout& l, const seat& s) {
    const conv2d_shape& shape = l.shape();
    const std::uint32_t size = numerics::bytes(l.all.types.input.format);
    const std::uint64_t image = std::uint64_t{shape.height} * shape.width * shape.channels;
    const std::uint32_t between =
        shape.stride / l.pixel_step();   // pixels of the input from one of the slab to the next
    all.push_back({.node = s.place()});  // so that padding is there even where nothing else is
    for (std::uint32_t line = 0; line < divide_up(s.images, images_in_step) * s.own_rows(l.all); ++line) {
        const std::uint32_t four = line / s.own_rows(l.all);
        const std::uint32_t r = line % s.own_rows(l.all);
        const std::uint32_t first_image = s.image + four * images_in_step;
        const std::int64_t row = std::int64_t{s.output_row} * shape.stride +
                                 std::int64_t{r} * (shape.stride / l.all.row_step) - shape.padding_height;
        if (row < 0 || row >= shape.height) continue;
        for (std::uint32_t p = 0; p < l.pixels(); ++p) {
            const std::int64_t pixel = std::int64_t{p} * between - shape.padding_width;
            if (pixel < 0 || pixel >= shape.width) continue;
            for (std::uint32_t b = 0; b < shape.groups * l.channel_blocks(); ++b) {
                const std::uint32_t within = b % l.channel_blocks() * numerics::block_rows;
                const std::uint32_t channel = b / l.channel_blocks() * shape.group_channels() + within;
                all.push_back({.node = s.place(),
                               .offset = (four * l.all.slab_rows(s.output_rows) + r) * l.row_bytes() +
                                         p * l.pixel_bytes() + b * std::uint64_t{l.slice_bytes()},
                               .first = first_image * image +
                                        static_cast<std::uint64_t>(row * shape.width + pixel) * shape.channels +
                                        channel,
                               .rows = std::min(numerics::block_rows, shape.group_channels() - within),
                               .columns = std::min(images_in_step, s.image + s.images - first_image),
                               .stride = 1,
                               .pitch = images_in_step * size,
                               .column_stride = image});
            }
        }
    }
}

/// The first filter of a block of a node's group, and how many there are.
struct filters {
    std::uint32_t first;
    std::uint32_t count;

    filters(const gradient_layout& l, const seat& s, std::uint32_t group, std::uint32_t block) {
        const conv2d_shape& shape = l.shape();
        const bool has_groups = shape.groups != 1;
        const std::uint32_t within = (has_groups ? block : s.first_unit + block) * numerics::block_columns;
        first = (has_groups ? (s.first_unit + group) * shape.group_filters() : 0) + within;
        count = std::min(numerics::block_columns, shape.group_filters() - within);
    }
};

void add_gradient(std::vector<piece>& all, const gradient_layout& l, const seat& s) {
    const conv2d_shape& shape = l.shape();
    const std::uint32_t blocks = l.all.blocks_of(s.units);
    const std::uint32_t groups = l.all.groups_of(s.units);
    const std::uint64_t image = std::uint64_t{shape.output_height()} * shape.output_width() * shape.filters;
    for (std::uint32_t line = 0; line < divide_up(s.images, images_in_step) * s.output_rows; ++line) {
        const std::uint32_t first_image = s.image + line / s.output_rows * images_in_step;
        const std::uint32_t r = line % s.output_rows;
        for (std::uint32_t group = 0; group < groups; ++group) {
            std::uint64_t offset = (line * groups + group) * l.gradient_row_bytes(blocks);
            for (std::uint32_t b = 0; b < blocks; ++b) {
                const filters f(l, s, group, b);
                for (std::uint32_t p = 0; p < shape.output_width(); ++p, offset += l.all.slice_bytes()) {
                    const std::uint64_t pixel = (std::uint64_t{s.output_row} + r) * shape.output_width() + p;
                    all.push_back({.node = s.place(),
                                   .offset = offset,
                                   .first = first_image * image + pixel * shape.filters + f.first,
                                   .rows = std::min(images_in_step, s.image + s.images - first_image),
                                   .columns = f.count,
                                   .stride = image,
                                   .pitch = numerics::block_columns * numerics::bytes(l.all.types.weights.format)});
                }
            }
        }
    }
}

void add_result(std::vector<piece>& all, const gradient_layout& l, const seat& s) {
    const conv2d_shape& shape = l.shape();
    const std::uint32_t size = numerics::bytes(l.all.types.output.format);
    std::uint64_t offset = 0;
    for (std::uint32_t tap = 0; tap < l.taps(); ++tap) {
        for (std::uint32_t group = 0; group < l.all.groups_of(s.units); ++group) {
            for (std::uint32_t c = 0; c < l.channel_blocks(); ++c) {
                const std::uint32_t channel = c * numerics::block_rows;
                for (std::uint32_t b = 0; b < l.all.blocks_of(s.units);
                     ++b, offset += std::uint64_t{numerics::block_elements} * size) {
                    const filters f(l, s, group, b);
                    all.push_back(
                        {.node = s.place(),
                         .offset = offset,
                         .first = (std::uint64_t{tap} * shape.group_channels() + channel) * shape.filters + f.first,
                         .rows = std::min(numerics::block_rows, shape.group_channels() - channel),
                         .columns = f.count,
                         .stride = shape.filters,
                         .pitch = numerics::block_columns * size});
                }
            }
        }
    }
}

}  // namespace

kernel make_conv2d_weight_gradient(const conv2d_shape& shape, const conv2d_types& types, const die& on) {
    require_shape(shape);
    const gradient_layout l = weight_gradient_planner(shape, types, on).best();
    const conv2d_plan& plan = l.all.plan;
    job j{on.place({static_cast<std::int32_t>(plan.columns()), static_cast<std::int32_t>(plan.filter_parts)}), {}};
    tensor input{.name = "input", .type = types.input, .use = tensor_use::input};
    tensor gradient{.name = "d_output", .type = types.weights, .use = tensor_use::input};
    tensor result{.name = "d_weights", .type = types.output, .use = tensor_use::output};
    input.elements = std::uint64_t{shape.batch} * shape.height * shape.width * shape.channels;
    gradient.elements = std::uint64_t{shape.batch} * shape.output_height() * shape.output_width() * shape.filters;
    result.elements = std::uint64_t{l.taps()} * shape.group_channels() * shape.filters;
    input.bytes = static_cast<std::uint32_t>(l.largest_slab_bytes());
    gradient.bytes = static_cast<std::uint32_t>(l.gradient_bytes());
    result.bytes = static_cast<std::uint32_t>(l.result_bytes());

    // Nodes run the same program where they are at the same place of their lines and have as much to do.
    using role_key =
        std::tuple<bool, bool, bool, bool, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, bool>;
    std::map<role_key, std::size_t> roles;
    for (std::uint32_t column = 0; column < plan.columns(); ++column) {
        for (std::uint32_t row = 0; row < plan.filter_parts; ++row) {
            const seat s(l.all, column, row);
            const std::uint32_t behind = std::min(plan.bands - 1 - s.band, l.all.slab_rows(plan.band_rows));
            const auto [role, is_new] = roles.try_emplace(
                {column == 0, column + 1 == plan.columns(), row == 0, row + 1 == plan.filter_parts, s.images,
                 s.output_rows, s.units, row == 0 ? behind : 0, row < l.all.filter_split().total % plan.filter_parts},
                j.roles.size());
            if (is_new) {
                weight_gradient_generator made(l, s, on);
                j.roles.push_back({std::make_shared<const program::program>(made.make(on)), {}});
                input.address = made.slab_address();
                gradient.address = made.gradient_address();
                result.address = made.result_address();
            }
            j.roles[role->second].members.push_back(s.place());
            if (row == 0) add_input(input.pieces, l, s);
            add_gradient(gradient.pieces, l, s);
            if (column + 1 == plan.columns()) add_result(result.pieces, l, s);
        }
    }
    return {std::move(j), {std::move(input), std::move(gradient), std::move(result)}};
}

}  // namespace d1::kernels
