#include "testbenches/kernels/kernel.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <tuple>

#include "models/parameter/error.hpp"

namespace d1::kernels {

namespace {

/// Calls use(element of the tensor, byte of its buffer) for every element of a piece.
template <typename Use>
void for_each_element(const piece& p, std::uint32_t element_bytes, Use&& use) {
    for (std::uint32_t r = 0; r < p.rows; ++r) {
        for (std::uint32_t c = 0; c < p.columns; ++c) {
            use(p.first + r * p.stride + c * p.column_stride,
                p.offset + std::uint64_t{r} * p.pitch + std::uint64_t{c} * element_bytes);
        }
    }
}

/// The pieces of each node.
std::map<coordinate, std::vector<const piece*>> by_node(const tensor& t) {
    std::map<coordinate, std::vector<const piece*>> nodes;
    for (const piece& p : t.pieces) nodes[p.node].push_back(&p);
    return nodes;
}

}  // namespace

const tensor& kernel::at(std::string_view name) const {
    const auto found = std::ranges::find(tensors_, name, &tensor::name);
    if (found == tensors_.end()) throw std::out_of_range("the kernel has no tensor " + std::string(name));
    return *found;
}

void kernel::load(die& on, std::string_view name, std::span<const std::uint32_t> codes) const {
    const tensor& t = at(name);
    if (codes.size() != t.elements) {
        throw std::invalid_argument("tensor " + t.name + " has " + std::to_string(t.elements) + " elements, not " +
                                    std::to_string(codes.size()));
    }
    const std::uint32_t size = numerics::bytes(t.type.format);
    std::vector<std::byte> image(t.bytes);
    for (const auto& [node, pieces] : by_node(t)) {
        for (std::uint32_t byte = 0; byte + size <= t.bytes; byte += size) {
            std::memcpy(&image[byte], &t.background, size);
        }
        for (const piece* p : pieces) {
            for_each_element(*p, size, [&](std::uint64_t element, std::uint64_t byte) {
                std::memcpy(&image.at(byte), &codes[element], size);
            });
        }
        on.load(job_.where.at(node), t.address, image);
    }
}

std::vector<std::uint32_t> kernel::read(die& on, std::string_view name) const {
    const tensor& t = at(name);
    const std::uint32_t size = numerics::bytes(t.type.format);
    std::vector<std::uint32_t> codes(t.elements);
    std::vector<bool> known(t.elements);
    std::vector<std::byte> image(t.bytes);
    for (const auto& [node, pieces] : by_node(t)) {
        on.read(job_.where.at(node), t.address, image);
        for (const piece* p : pieces) {
            for_each_element(*p, size, [&](std::uint64_t element, std::uint64_t byte) {
                if (!known[element]) std::memcpy(&codes[element], &image.at(byte), size);
                known[element] = true;
            });
        }
    }
    return codes;
}

spread::spread(std::uint64_t rows, std::uint32_t rows_in_unit, const die& on)
    : rows_(rows), rows_in_unit_(rows_in_unit) {
    const std::uint64_t units = (rows + rows_in_unit - 1) / rows_in_unit;
    if (units == 0 || units > std::numeric_limits<std::uint32_t>::max()) {
        throw input_error(error_class::layer, "a kernel has 1 to 4294967295 units of " + std::to_string(rows_in_unit) +
                                                  " rows, not " + std::to_string(rows) + " rows");
    }
    split_.total = static_cast<std::uint32_t>(units);
    split_.parts = std::min(split_.total, on.live_nodes());
}

std::uint32_t spread::rows_of(std::uint32_t node) const {
    const std::uint64_t first = first_row_of(node);
    return static_cast<std::uint32_t>(std::min(rows_, first + std::uint64_t{units_of(node)} * rows_in_unit_) - first);
}

std::uint32_t spread::largest_rows() const {
    return std::max(rows_of(0), rows_of(nodes() - 1));
}

program::affine spread::first_unit_of(std::uint32_t node) const {
    const std::uint32_t longer = split_.total % split_.parts;
    return node < longer ? program::x() * units_of(node) : program::x() * units_of(node) + program::affine(longer);
}

std::vector<piece> spread::pieces(std::uint32_t columns, std::uint32_t element_bytes) const {
    std::vector<piece> all;
    for (std::uint32_t n = 0; n < nodes(); ++n) {
        all.push_back({.node = {static_cast<std::int32_t>(n), 0},
                       .first = first_row_of(n) * columns,
                       .rows = rows_of(n),
                       .columns = columns,
                       .stride = columns,
                       .pitch = columns * element_bytes});
    }
    return all;
}

job spread::programs(const die& on, const std::function<program::program(const node_share&)>& program_of,
                     const std::function<std::uint32_t(std::uint32_t)>& class_of) const {
    job j{on.place({static_cast<std::int32_t>(nodes()), 1}), {}};
    std::map<std::tuple<bool, std::uint32_t, std::uint32_t>, std::size_t> roles;
    for (std::uint32_t n = 0; n < nodes(); ++n) {
        const bool is_longer = units_of(n) == largest_units();
        const auto [role, is_new] = roles.try_emplace({is_longer, rows_of(n), class_of(n)}, j.roles.size());
        if (is_new) {
            const node_share share{n, units_of(n), rows_of(n), first_unit_of(n)};
            j.roles.push_back({std::make_shared<const program::program>(program_of(share)), {}});
        }
        j.roles[role->second].members.push_back({static_cast<std::int32_t>(n), 0});
    }
    return j;
}

void require_room(std::uint64_t rows, std::uint64_t columns, std::uint64_t element_bytes, const die& on,
                  std::string_view kernel_name) {
    if (rows == 0 || columns == 0) {
        throw input_error(error_class::layer, std::string(kernel_name) + " needs rows and columns of at least 1, not " +
                                                  std::to_string(rows) + " x " + std::to_string(columns));
    }
    const std::uint64_t available = std::uint64_t{on.parameters().die.node.sram.bytes} * on.live_nodes();
    if (columns > available || rows > available || rows * columns > available / element_bytes) {
        throw input_error(error_class::layer, std::string(kernel_name) + " of " + std::to_string(rows) + " x " +
                                                  std::to_string(columns) + " elements does not fit: it needs " +
                                                  std::to_string(element_bytes) + " B for each, and " +
                                                  std::to_string(on.live_nodes()) + " live nodes have " +
                                                  std::to_string(available) + " B of SRAM together");
    }
}

program::program_builder unlimited_builder(std::string name, const die& on) {
    const node_parameters& node = on.parameters().die.node;
    return program::program_builder(
        std::move(name), {std::numeric_limits<std::uint32_t>::max(), node.sram.semaphores, node.core.threads});
}

program::program finish(const program::program_builder& build, const die& on, std::string_view what) {
    const std::uint64_t available = on.parameters().die.node.sram.bytes;
    if (build.bytes_used() > available) {
        throw input_error(error_class::layer, std::string(what) + " does not fit: a node needs " +
                                                  std::to_string(build.bytes_used()) + " B of SRAM and has " +
                                                  std::to_string(available) + " B (" + std::to_string(on.live_nodes()) +
                                                  " live nodes, " + std::to_string(on.live_nodes() * available) +
                                                  " B together)");
    }
    return build.build();
}

}  // namespace d1::kernels
