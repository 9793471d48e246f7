#include "testbenches/kernels/window.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "models/parameter/error.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/basics.hpp"

namespace d1::kernels {

namespace {

using numerics::elementwise_operation;
using program::affine;

constexpr numerics::element_type int16{numerics::number_format::int16};
constexpr std::uint32_t channel_block = 16;  ///< channels are dealt out in multiples of it

constexpr std::array<const char*, 3> names{"max_pooling", "average_pooling", "depth_wise_convolution"};

/// How windows lie over the nodes: node (column, row) has some images, or a
/// band of the rows of one, and some channels. A band has `band_rows` rows of
/// results and the input rows that these begin at; in a gradient the same
/// turned round.
struct window_layout {
    window_shape shape;
    window_types types;
    bool gradient;
    std::uint32_t images = 1;
    std::uint32_t image_parts = 1;
    std::uint32_t bands = 1;
    std::uint32_t band_rows = 1;
    block_split channels{1, 1};

    [[nodiscard]] std::uint32_t columns() const { return image_parts * bands; }
    /// Bands are cut from so many rows: of results, or of what results and input
    /// have in common.
    [[nodiscard]] std::uint32_t all_rows() const {
        return gradient ? divide_up(shape.height + 2 * shape.padding_height, shape.stride) : shape.output_height();
    }
    [[nodiscard]] std::uint32_t channels_of(std::uint32_t row) const {
        return std::min(channels.size(row) * channel_block, shape.channels - first_channel(row));
    }
    [[nodiscard]] std::uint32_t first_channel(std::uint32_t row) const { return channels.first(row) * channel_block; }

    /// Rows and pixels of a node's part of an image on the input's side, padding
    /// included.
    [[nodiscard]] std::uint32_t input_rows(std::uint32_t rows) const {
        return gradient ? rows * shape.stride : (rows - 1) * shape.stride + shape.window_height;
    }
    [[nodiscard]] std::uint32_t input_pixels() const {
        return std::max((shape.output_width() - 1) * shape.stride + shape.window_width,
                        shape.padding_width + shape.width);
    }
    /// Rows of results of bands above that reach into a band's input rows.
    [[nodiscard]] std::uint32_t rows_above() const { return gradient ? (shape.window_height - 1) / shape.stride : 0; }
    [[nodiscard]] std::uint32_t output_rows(std::uint32_t rows) const { return rows_above() + rows; }
};

void require_shape(const window_shape& s, const std::string& name) {
    const auto refuse = [&](const std::string& why) { throw input_error(error_class::layer, name + ": " + why); };
    for (const std::uint32_t extent :
         {s.batch, s.height, s.width, s.channels, s.window_height, s.window_width, s.stride}) {
        if (extent == 0 || extent > 65535) refuse("every dimension and the stride are 1 to 65535");
    }
    if (s.padding_height >= s.window_height || s.padding_width >= s.window_width) {
        refuse("the padding must be smaller than the window");
    }
    if (s.window_height > s.height + 2 * s.padding_height || s.window_width > s.width + 2 * s.padding_width) {
        refuse("the window does not fit into the padded input");
    }
    if (s.places() > 1024) refuse("a window has at most 1024 places, not " + std::to_string(s.places()));
}

/// The layout with the least work for the busiest node; of equal ones that with
/// the fewest bands.
window_layout plan(const window_shape& shape, const window_types& types, bool gradient, const die& on) {
    window_layout best{.shape = shape, .types = types, .gradient = gradient};
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    const std::uint32_t blocks = divide_up(shape.channels, channel_block);
    const auto consider = [&](window_layout l) {
        for (std::uint32_t parts = 1; parts <= std::min(blocks, on.live_nodes() / l.columns()); ++parts) {
            l.channels = {blocks, parts};
            const std::uint64_t work =
                std::uint64_t{l.images} * (l.band_rows * l.shape.stride + l.shape.window_height) * l.channels.largest();
            if (work < least) {
                least = work;
                best = l;
            }
        }
    };
    window_layout l = best;
    for (std::uint32_t parts = 1; parts <= std::min(shape.batch, on.live_nodes()); ++parts) {
        l.images = divide_up(shape.batch, parts);
        l.image_parts = divide_up(shape.batch, l.images);
        l.bands = 1;
        l.band_rows = l.all_rows();
        consider(l);
    }
    if (shape.batch > on.live_nodes()) return best;
    l.images = 1;
    l.image_parts = shape.batch;
    for (std::uint32_t bands = 2; bands <= std::min(l.all_rows(), on.live_nodes() / shape.batch); ++bands) {
        l.band_rows = divide_up(l.all_rows(), bands);
        l.bands = divide_up(l.all_rows(), l.band_rows);
        consider(l);
    }
    return best;
}

/// One node of the layout.
struct seat {
    std::uint32_t column, row, band, image, images, first_row, rows, channels;

    seat(const window_layout& l, std::uint32_t c, std::uint32_t r)
        : column(c),
          row(r),
          band(c % l.bands),
          image(c / l.bands * l.images),
          images(std::min(l.images, l.shape.batch - image)),
          first_row(band * l.band_rows),
          rows(std::min(l.band_rows, l.all_rows() - first_row)),
          channels(l.channels_of(r)) {}
    [[nodiscard]] coordinate place() const {
        return {static_cast<std::int32_t>(column), static_cast<std::int32_t>(row)};
    }
};

/// Rows of the buffer that is moved, which begin in another band: `from` bands
/// on (or back, where negative).
struct halo {
    std::int32_t from;
    std::uint32_t source_row, row, rows;
};

/// Input rows that begin in the bands behind. The last band has all of its own.
std::vector<halo> halos_behind(const window_layout& l, const seat& s) {
    std::vector<halo> all;
    const std::uint32_t step = l.band_rows * l.shape.stride;
    const std::uint32_t to_last = l.bands - 1 - s.band;
    const std::uint32_t end = l.input_rows(s.rows);
    for (std::uint32_t row = to_last == 0 ? end : step; row < end;) {
        const std::uint32_t behind = std::min(to_last, row / step);
        const std::uint32_t next = behind == to_last ? end : std::min(end, (behind + 1) * step);
        all.push_back({static_cast<std::int32_t>(behind), row - behind * step, row, next - row});
        row = next;
    }
    return all;
}

/// Rows of results that begin in the bands above; above the first there are
/// none.
std::vector<halo> halos_above(const window_layout& l, const seat& s) {
    std::vector<halo> all;
    const std::uint32_t above = l.rows_above();
    for (std::uint32_t row = above - std::min(above, s.first_row); row < above;) {
        const std::uint32_t global = s.first_row - above + row;
        const std::uint32_t band = global / l.band_rows;
        const std::uint32_t rows = std::min(above - row, (band + 1) * l.band_rows - global);
        all.push_back({static_cast<std::int32_t>(band) - static_cast<std::int32_t>(s.band),
                       above + global % l.band_rows, row, rows});
        row += rows;
    }
    return all;
}

class window_generator {
  public:
    window_generator(window_operation operation, const window_layout& l, const seat& s, const die& on)
        : operation_(operation),
          l_(l),
          s_(s),
          w_(l.shape),
          halos_(l.gradient ? halos_above(l, s) : halos_behind(l, s)),
          build_(unlimited_builder(names.at(static_cast<std::size_t>(operation)), on)) {
        const std::uint64_t most = l.channels_of(0) * std::uint64_t{l.images};
        const std::uint64_t inputs = most * l.input_rows(l.band_rows) * l.input_pixels();
        const std::uint64_t results = most * l.output_rows(l.band_rows) * w_.output_width();
        const auto size = [](numerics::element_type t) { return std::uint64_t{numerics::bytes(t.format)}; };
        if (l.gradient) {
            moved_ = build_.input_buffer("d_output", results * size(l.types.input), l.types.input);
            made_ = build_.buffer("d_input", inputs * size(l.types.output), l.types.output);
        } else {
            moved_ = build_.input_buffer("input", inputs * size(l.types.input), l.types.input);
            made_ = build_.buffer("output", results * size(l.types.output), l.types.output);
        }
        if (operation == window_operation::maximum) {
            places_ = l.gradient ? build_.input_buffer("places", results * size(int16), int16)
                                 : build_.buffer("places", results * size(int16), int16);
        }
        if (operation == window_operation::depth_wise) {
            weights_ = build_.input_buffer(
                "weights", std::uint64_t{w_.places()} * l.channels_of(0) * size(l.types.weights), l.types.weights);
        }
        arrived_ = build_.semaphores("arrived");
        constants_ = build_.buffer("constants", (w_.places() + std::uint64_t{1}) * sizeof(float), fp32);
        const std::uint64_t row_bytes = std::uint64_t{w_.output_width()} * l.channels_of(0) * sizeof(float);
        result_ = build_.buffer("result", row_bytes, fp32);
        mask_ = build_.buffer("mask", row_bytes, fp32);
        place_ = build_.buffer("place", row_bytes, fp32);
        if (l.gradient) sums_ = build_.buffer("sums", inputs * sizeof(float), fp32);
    }

    [[nodiscard]] program::program make(const die& on, const std::string& what) {
        auto t = build_.thread();
        set(t, *constants_ + affine(w_.places() * sizeof(float)),
            static_cast<float>(1.0 / static_cast<double>(w_.places())), 1);
        if (operation_ == window_operation::maximum) {
            for (std::uint32_t place = 0; place < w_.places(); ++place) {
                set(t, number(place), static_cast<float>(place), 1);
            }
        }
        pull_halos(t);
        l_.gradient ? backward(t) : forward(t);
        return finish(build_, on, what);
    }
    [[nodiscard]] std::uint32_t moved() const { return moved_->address(); }
    [[nodiscard]] std::uint32_t made() const { return made_->address(); }
    [[nodiscard]] std::uint32_t places() const { return places_->address(); }
    [[nodiscard]] std::uint32_t weights() const { return weights_->address(); }

  private:
    void set(program::thread_builder& t, const affine& where, float scalar, std::uint32_t elements) {
        t.vector_operation({.operation = elementwise_operation::fill,
                            .destination = where,
                            .scalar = scalar,
                            .elements = elements,
                            .destination_type = fp32});
    }
    [[nodiscard]] affine number(std::uint32_t place) const { return *constants_ + affine(place * sizeof(float)); }
    [[nodiscard]] affine share() const { return number(w_.places()); }

    void pull_halos(program::thread_builder& t) {
        std::uint32_t pulls = 0;
        const auto pull = [&](const program::buffer_handle& buffer, std::uint64_t row_bytes) {
            for (const halo& h : halos_) {
                t.pull({.from = {program::x() + affine(h.from), program::y()},
                        .source = buffer + affine(h.source_row * row_bytes),
                        .destination = buffer + affine(h.row * row_bytes),
                        .shape = {.rows = 1, .row_bytes = static_cast<std::uint32_t>(h.rows * row_bytes)},
                        .done = program::semaphore_update<affine>{*arrived_, 1}});
                ++pulls;
            }
        };
        pull(*moved_, l_.gradient ? output_row(l_.types.input) : input_row(l_.types.input));
        if (l_.gradient && places_) pull(*places_, output_row(int16));
        if (pulls != 0) t.wait(*arrived_, pulls);
    }

    [[nodiscard]] std::uint64_t pixel(numerics::element_type t) const {
        return std::uint64_t{s_.channels} * numerics::bytes(t.format);
    }
    [[nodiscard]] std::uint64_t input_row(numerics::element_type t) const { return pixel(t) * l_.input_pixels(); }
    [[nodiscard]] std::uint64_t output_row(numerics::element_type t) const { return pixel(t) * w_.output_width(); }

    /// What a row of pixels reads or writes: dense ones, those of a place of the
    /// windows, or weights for all of them.
    struct operand {
        affine address;
        numerics::element_type type{};
        std::int64_t stride = 0;
    };
    [[nodiscard]] operand dense(const affine& address, numerics::element_type type) const {
        return {address, type, static_cast<std::int64_t>(pixel(type))};
    }
    /// The input pixels that a row of results meets at column c of its windows;
    /// `row` is the input's.
    [[nodiscard]] operand strided(const affine& base, const affine& row, std::uint32_t c,
                                  numerics::element_type type) const {
        return {base + row * input_row(type) + affine(c * pixel(type)), type,
                static_cast<std::int64_t>(w_.stride * pixel(type))};
    }
    [[nodiscard]] operand weights_of(std::uint32_t place) const {
        return {*weights_ + affine(place * pixel(l_.types.weights)), l_.types.weights, 0};
    }

    /// d = operation(a, b) on a row of pixels; b may be a constant.
    void apply(program::thread_builder& t, elementwise_operation operation, const operand& d, const operand& a,
               const std::optional<operand>& b = {}, bool is_constant = false) {
        program::vector_operation<affine> v{.operation = operation,
                                            .destination = d.address,
                                            .a = a.address,
                                            .elements = s_.channels,
                                            .destination_type = d.type,
                                            .a_type = a.type,
                                            .rows = w_.output_width(),
                                            .a_stride = a.stride,
                                            .destination_stride = d.stride};
        if (b) {
            v.b = b->address;
            v.b_type = b->type;
            v.b_stride = is_constant ? 0 : b->stride;
            v.broadcast_b = is_constant;
        }
        t.vector_operation(v);
    }

    void forward(program::thread_builder& t) {
        using enum elementwise_operation;
        const auto image = t.loop(s_.images);
        const auto row = t.loop(s_.rows);
        const affine first = affine(image) * l_.input_rows(s_.rows) + affine(row) * w_.stride;
        const affine made = affine(image) * s_.rows + row;
        const operand result = dense(*result_, fp32);
        const operand mask = dense(*mask_, fp32);
        const operand place = dense(*place_, fp32);
        const std::uint32_t elements = w_.output_width() * s_.channels;
        for (std::uint32_t p = 0; p < w_.places(); ++p) {
            const operand x =
                strided(*moved_, first + affine(p / w_.window_width), p % w_.window_width, l_.types.input);
            if (operation_ == window_operation::depth_wise) {
                apply(t, p == 0 ? multiply : multiply_accumulate, result, x, weights_of(p));
            } else if (p == 0) {
                apply(t, convert, result, x);
                if (places_) set(t, *place_, 0, elements);
            } else if (operation_ == window_operation::average) {
                apply(t, add, result, result, x);
            } else {
                apply(t, step, mask, x, result);
                apply(t, select, place, mask, operand{number(p), fp32, 0}, true);
                apply(t, maximum, result, result, x);
            }
        }
        const operand output = dense(*made_ + made * output_row(l_.types.output), l_.types.output);
        if (operation_ == window_operation::average) {
            apply(t, multiply, output, result, operand{share(), fp32, 0}, true);
        } else {
            apply(t, convert, output, result);
        }
        if (places_) apply(t, convert, dense(*places_ + made * output_row(int16), int16), place);
    }

    void backward(program::thread_builder& t) {
        using enum elementwise_operation;
        const std::uint32_t input_rows = l_.input_rows(s_.rows);
        const std::uint32_t all = s_.images * input_rows * l_.input_pixels() * s_.channels;
        set(t, *sums_, 0, all);
        {
            const auto image = t.loop(s_.images);
            for (std::uint32_t p = 0; p < w_.places(); ++p) {
                const std::uint32_t r = p / w_.window_width;
                // The k-th row of results above or in the band reaches the k-th of
                // every `stride` input rows.
                const auto k = t.loop(s_.rows);
                const affine result_row =
                    affine(image) * l_.output_rows(s_.rows) + k + affine(l_.rows_above() - r / w_.stride);
                const affine input_row = affine(image) * input_rows + affine(k) * w_.stride + affine(r % w_.stride);
                const operand dy = dense(*moved_ + result_row * output_row(l_.types.input), l_.types.input);
                const operand sum = strided(*sums_, input_row, p % w_.window_width, fp32);
                const operand part = dense(*result_, fp32);
                if (operation_ == window_operation::depth_wise) {
                    apply(t, multiply_accumulate, sum, dy, weights_of(p));
                } else if (operation_ == window_operation::average) {
                    apply(t, multiply, part, dy, operand{share(), fp32, 0}, true);
                    apply(t, add, sum, sum, part);
                } else {
                    const operand places = dense(*places_ + result_row * output_row(int16), int16);
                    apply(t, equal, part, places, operand{number(p), fp32, 0}, true);
                    apply(t, multiply_accumulate, sum, part, dy);
                }
            }
        }
        t.vector_operation({.operation = convert,
                            .destination = *made_,
                            .a = *sums_,
                            .elements = all,
                            .destination_type = l_.types.output,
                            .a_type = fp32});
    }

    window_operation operation_;
    const window_layout& l_;
    const seat& s_;
    const window_shape& w_;
    std::vector<halo> halos_;
    program::program_builder build_;
    std::optional<program::buffer_handle> moved_, made_, places_, weights_, constants_, result_, mask_, place_, sums_;
    std::optional<program::semaphore_handle> arrived_;
};

/// What a tensor's rows of a node are: `pixels` of `width`, from column
/// `first_column` of the image on.
struct row_of_pixels {
    std::uint64_t line;  ///< rows of all images, counted through
    std::uint32_t width;
    std::uint64_t offset;  ///< elements into the buffer
};
void add_row(tensor& t, const window_layout& l, const seat& s, const row_of_pixels& r) {
    const std::uint32_t size = numerics::bytes(t.type.format);
    t.pieces.push_back({.node = s.place(),
                        .offset = r.offset * size,
                        .first = r.line * r.width * l.shape.channels + l.first_channel(s.row),
                        .rows = r.width,
                        .columns = s.channels,
                        .stride = l.shape.channels,
                        .pitch = s.channels * size});
}

/// The input's side: own rows, all but those that begin in a band behind.
void add_input_rows(tensor& t, const window_layout& l, const seat& s) {
    const std::uint32_t rows = l.input_rows(s.rows);
    const bool is_last = s.band + 1 == l.bands;
    const std::uint32_t own = is_last ? rows : std::min(rows, l.band_rows * l.shape.stride);
    t.pieces.push_back({.node = s.place()});  // so that padding is there even where nothing else is
    for (std::uint32_t i = 0; i < s.images; ++i) {
        for (std::uint32_t r = 0; r < own; ++r) {
            const std::uint32_t padded = s.first_row * l.shape.stride + r;
            if (padded < l.shape.padding_height || padded >= l.shape.padding_height + l.shape.height) continue;
            add_row(t, l, s,
                    {(std::uint64_t{s.image} + i) * l.shape.height + padded - l.shape.padding_height, l.shape.width,
                     ((std::uint64_t{i} * rows + r) * l.input_pixels() + l.shape.padding_width) * s.channels});
        }
    }
}

/// The results' side: own rows, behind those of the bands above.
void add_output_rows(tensor& t, const window_layout& l, const seat& s) {
    t.pieces.push_back({.node = s.place()});
    for (std::uint32_t i = 0; i < s.images; ++i) {
        for (std::uint32_t r = 0; r < s.rows && s.first_row + r < l.shape.output_height(); ++r) {
            add_row(t, l, s,
                    {(std::uint64_t{s.image} + i) * l.shape.output_height() + s.first_row + r, l.shape.output_width(),
                     (std::uint64_t{i} * l.output_rows(s.rows) + l.rows_above() + r) * l.shape.output_width() *
                         s.channels});
        }
    }
}

/// The code of the number that is nearest to -infinity.
std::uint32_t least_code(numerics::element_type type) {
    std::uint32_t code = 0;
    const float least = -std::numeric_limits<float>::infinity();
    numerics::encode(type, std::span(&least, 1),
                     std::as_writable_bytes(std::span(&code, 1)).first(numerics::bytes(type.format)));
    return code;
}

kernel make(window_operation operation, const window_shape& shape, const window_types& types, bool gradient,
            const die& on) {
    const std::string name = std::string(names.at(static_cast<std::size_t>(operation))) + (gradient ? "_gradient" : "");
    require_shape(shape, name);
    require_room(std::uint64_t{shape.batch} * shape.height * shape.width, shape.channels,
                 numerics::bytes((gradient ? types.output : types.input).format), on, name);
    const window_layout l = plan(shape, types, gradient, on);
    const std::uint64_t pixels = std::uint64_t{shape.batch} * shape.channels;
    tensor moved{.name = gradient ? "d_output" : "input", .type = types.input, .use = tensor_use::input};
    tensor made{.name = gradient ? "d_input" : "output", .type = types.output, .use = tensor_use::output};
    tensor places{.name = "places", .type = int16, .use = gradient ? tensor_use::input : tensor_use::output};
    tensor weights{.name = "weights", .type = types.weights, .use = tensor_use::input};
    tensor& inputs = gradient ? made : moved;
    tensor& results = gradient ? moved : made;
    inputs.elements = pixels * shape.height * shape.width;
    results.elements = places.elements = pixels * shape.output_height() * shape.output_width();
    weights.elements = std::uint64_t{shape.places()} * shape.channels;
    if (operation == window_operation::maximum && !gradient) moved.background = least_code(types.input);
    const std::uint64_t most = std::uint64_t{l.channels_of(0)} * l.images;
    const auto bytes = [&](const tensor& t, std::uint64_t elements) {
        return static_cast<std::uint32_t>(elements * numerics::bytes(t.type.format));
    };

    job j{on.place({static_cast<std::int32_t>(l.columns()), static_cast<std::int32_t>(l.channels.parts)}), {}};
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>, std::size_t> roles;
    for (std::uint32_t column = 0; column < l.columns(); ++column) {
        for (std::uint32_t row = 0; row < l.channels.parts; ++row) {
            const seat s(l, column, row);
            // Where a halo comes from depends on how near the end is, or the
            // beginning.
            const std::uint32_t behind = std::min(l.bands - 1 - s.band, shape.window_height);
            const std::uint32_t above = gradient ? std::min(s.band, shape.window_height) : 0;
            const auto [role, is_new] =
                roles.try_emplace({s.images, s.rows, s.channels, gradient ? 0 : behind, above}, j.roles.size());
            if (is_new) {
                window_generator g(operation, l, s, on);
                const std::string what = name + " of " + std::to_string(shape.batch) + " x " +
                                         std::to_string(shape.height) + "x" + std::to_string(shape.width) + " x " +
                                         std::to_string(shape.channels);
                j.roles.push_back({std::make_shared<const program::program>(g.make(on, what)), {}});
                moved.address = g.moved();
                made.address = g.made();
                if (operation == window_operation::maximum) places.address = g.places();
                if (operation == window_operation::depth_wise) weights.address = g.weights();
            }
            j.roles[role->second].members.push_back(s.place());
            add_input_rows(inputs, l, s);
            add_output_rows(results, l, s);
            add_output_rows(places, l, s);
            weights.pieces.push_back({.node = s.place(),
                                      .first = l.first_channel(row),
                                      .rows = shape.places(),
                                      .columns = s.channels,
                                      .stride = shape.channels,
                                      .pitch = bytes(weights, s.channels)});
        }
    }
    inputs.bytes = bytes(inputs, most * l.input_rows(l.band_rows) * l.input_pixels());
    results.bytes = bytes(results, most * l.output_rows(l.band_rows) * shape.output_width());
    places.bytes = bytes(places, most * l.output_rows(l.band_rows) * shape.output_width());
    weights.bytes = bytes(weights, std::uint64_t{shape.places()} * l.channels_of(0));
    std::vector<tensor> tensors{moved, made};
    if (operation == window_operation::maximum) tensors.push_back(places);
    if (operation == window_operation::depth_wise) tensors.push_back(weights);
    return {std::move(j), std::move(tensors)};
}

}  // namespace

kernel make_window(window_operation operation, const window_shape& shape, const window_types& types, const die& on) {
    return make(operation, shape, types, false, on);
}

kernel make_window_gradient(window_operation operation, const window_shape& shape, const window_types& types,
                            const die& on) {
    return make(operation, shape, types, true, on);
}

}  // namespace d1::kernels
