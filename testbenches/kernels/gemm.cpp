#include "testbenches/kernels/gemm.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "models/numerics/matrix.hpp"

namespace d1::kernels {

namespace {

using numerics::block_columns;
using numerics::block_rows;
using numerics::slice_elements;
using numerics::step_depth;

/// Elements of an operand as a panel sees them: `line` is a row of A or a column of B.
struct operand {
    std::span<const std::uint16_t> elements;
    std::uint64_t lines;
    std::uint64_t depth;
    std::uint64_t line_stride;
    std::uint64_t depth_stride;
    bool line_fastest;  ///< within a slice: B's are rows of k, A's rows of lines

    /// The slice of 8 lines and 4 k; beyond the matrix lie zeros.
    template <typename Element>
    void slice(std::uint64_t block, std::uint64_t step, std::span<Element, slice_elements> out) const {
        const std::uint64_t rows = std::min<std::uint64_t>(block_rows, lines - block * block_rows);
        const std::uint64_t steps = std::min<std::uint64_t>(step_depth, depth - step * step_depth);
        const std::uint16_t* const corner =
            elements.data() + block * block_rows * line_stride + step * step_depth * depth_stride;
        std::ranges::fill(out, Element{0});
        for (std::uint64_t l = 0; l < rows; ++l) {
            for (std::uint64_t d = 0; d < steps; ++d) {
                out[line_fastest ? d * block_columns + l : l * step_depth + d] =
                    static_cast<Element>(corner[l * line_stride + d * depth_stride]);
            }
        }
    }
};

/// A chunk of a sub-block of a panel: where it lies in the operand's buffer, and which slices [block][step] it has.
struct placed_chunk {
    std::uint64_t offset;
    std::uint32_t first_block;
    std::uint32_t blocks;
    std::uint32_t first_step;
    std::uint32_t steps;
};

/// What an owner, in place `owner` of its chain, has of a panel of `blocks` blocks.
template <typename Visit>
void for_each_chunk(const panel_layout& panel, std::uint32_t blocks, std::uint32_t owner, const Visit& visit) {
    const std::uint32_t first_chunk = owner * panel.per_owner;
    const std::uint32_t end_chunk = std::min(first_chunk + panel.per_owner, panel.k.count());
    const block_split subs{blocks, panel.passes};
    std::uint64_t begin = 0;
    for (std::uint32_t sub = 0; sub < panel.passes; ++sub) {
        const std::uint32_t sub_blocks = subs.size(sub);
        const std::uint64_t stride = panel.chunk_bytes(sub_blocks, panel.k.chunk);
        std::uint64_t at = begin + (panel.holds_shares() ? 0 : first_chunk * stride);
        begin += panel.sub_block_bytes(sub_blocks);
        for (std::uint32_t c = first_chunk; c < end_chunk; ++c, at += stride) {
            const std::uint32_t first_step = c * panel.k.chunk;
            visit(placed_chunk{at, subs.first(sub), sub_blocks, first_step,
                               std::min(panel.k.chunk, panel.k.steps - first_step)});
        }
    }
}

/// Whether a node has chunks of its own, and does not get all.
bool has_chunks(const panel_layout& panel, ownership owns) {
    return !panel.moves() || owns != ownership::none;
}

/// Puts an owner's chunks into its SRAM. The panel's first block is block `first` of the operand.
template <typename Element>
void load_shares(die& on, node_index node, std::uint32_t address, const operand& from, const panel_layout& panel,
                 std::uint32_t first, std::uint32_t blocks, std::uint32_t owner) {
    std::vector<Element> chunk;
    for_each_chunk(panel, blocks, owner, [&](const placed_chunk& c) {
        chunk.assign(panel.chunk_bytes(c.blocks, c.steps) / sizeof(Element), Element{0});
        for (std::uint32_t i = 0; i < c.blocks * c.steps; ++i) {
            from.slice(first + c.first_block + i / c.steps, c.first_step + i % c.steps,
                       std::span(chunk).subspan(std::size_t{i} * slice_elements).template first<slice_elements>());
        }
        on.load(node, static_cast<std::uint32_t>(address + c.offset), std::as_bytes(std::span(chunk)));
    });
}

/// The same for a node of whatever place among the nodes that share the panel.
void load_panel(die& on, node_index node, std::uint32_t address, const operand& from, const panel_layout& panel,
                const block_split& blocks, std::uint32_t part, ownership owns, std::uint32_t position) {
    if (!has_chunks(panel, owns)) return;
    const auto load = numerics::bytes(panel.type.format) == 1 ? load_shares<std::uint8_t> : load_shares<std::uint16_t>;
    load(on, node, address, from, panel, blocks.first(part), blocks.size(part), position);
}

/// Adds an owner's chunks as pieces of a tensor. Lines are rows of A or columns of B, `total` of them, each of `depth`
/// elements. A slice of A has the four elements of a line side by side, one of B the eight lines.
void add_shares(std::vector<piece>& all, coordinate node, const lines_of_tensor& lines, std::uint64_t total,
                std::uint64_t depth, const panel_layout& panel, std::uint32_t first, std::uint32_t blocks,
                std::uint32_t owner, bool is_a) {
    const std::uint32_t size = numerics::bytes(panel.type.format);
    all.push_back({.node = node});  // zeros are there even where nothing else is
    for_each_chunk(panel, blocks, owner, [&](const placed_chunk& c) {
        const std::uint64_t first_depth = std::uint64_t{c.first_step} * step_depth;
        const std::uint64_t elements =
            std::min<std::uint64_t>(std::uint64_t{c.steps} * step_depth, depth - first_depth);
        for (std::uint32_t i = 0; i < c.blocks * block_rows; ++i) {
            const std::uint64_t line = std::uint64_t{first + c.first_block} * block_rows + i;
            const std::optional<std::uint64_t> start = line < total ? lines.first(line) : std::nullopt;
            if (!start) continue;
            const std::uint64_t slices = c.offset + std::uint64_t{i / block_rows} * c.steps * panel.slice_bytes();
            const std::uint64_t from = *start + first_depth * lines.stride;
            const auto add = [&](std::uint64_t skipped, std::uint64_t rows, std::uint32_t columns) {
                if (rows == 0) return;
                const std::uint32_t within = is_a ? i % block_rows * step_depth : i % block_rows;
                all.push_back({.node = node,
                               .offset = slices + (skipped * block_rows + within) * size,
                               .first = from + skipped * lines.stride,
                               .rows = static_cast<std::uint32_t>(rows),
                               .columns = columns,
                               .stride = (is_a ? step_depth : 1) * lines.stride,
                               .pitch = is_a ? panel.slice_bytes() : block_columns * size,
                               .column_stride = lines.stride});
            };
            if (is_a) {
                add(0, elements / step_depth, step_depth);
                add(elements / step_depth * step_depth, elements % step_depth == 0 ? 0 : 1, elements % step_depth);
            } else {
                add(0, elements, 1);
            }
        }
    });
}

}  // namespace

gemm::gemm(const gemm_shape& shape, const gemm_types& types, const die& on) : plan_(plan_gemm(shape, types, on)) {
    const grid nodes = plan_.nodes();
    job_.where = on.place(nodes);
    std::map<gemm_role, std::size_t> roles;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const coordinate here = nodes.at(static_cast<node_index>(i));
        const gemm_role its = role_of(plan_, here);
        const auto [role, is_new] = roles.try_emplace(its, job_.roles.size());
        if (is_new) {
            gemm_program made = make_gemm_program(plan_, its, on.parameters());
            addresses_ = made.addresses;
            job_.roles.push_back({std::move(made.program), {}});
        }
        job_.roles[role->second].members.push_back(here);
    }
}

void gemm::load(die& on, std::span<const std::uint16_t> a, std::span<const std::uint16_t> b,
                const gemm_orders& orders) const {
    const gemm_shape& s = plan_.shape;
    const bool a_transposed = orders.a == operand_order::transposed;
    const bool b_transposed = orders.b == operand_order::transposed;
    const operand a_rows{a, s.m, s.k, a_transposed ? 1 : s.k, a_transposed ? s.m : 1, false};
    const operand b_columns{b, s.n, s.k, b_transposed ? s.k : 1, b_transposed ? 1 : s.n, true};
    const grid nodes = plan_.nodes();
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const coordinate here = nodes.at(static_cast<node_index>(i));
        const node_index n = job_.where.at(here);
        const gemm_role role = role_of(plan_, here);
        load_panel(on, n, addresses_.a, a_rows, plan_.a, plan_.rows, plan_.row_part(here), role.a.owns,
                   static_cast<std::uint32_t>(here.x) % plan_.a.chain);
        load_panel(on, n, addresses_.b, b_columns, plan_.b, plan_.columns, plan_.column_part(here), role.b.owns,
                   static_cast<std::uint32_t>(here.y) % plan_.b.chain);
    }
}

kernel gemm::as_kernel(tensor a, const lines_of_tensor& a_rows, tensor b, const lines_of_tensor& b_columns,
                       tensor c) const {
    const gemm_shape& s = plan_.shape;
    const std::uint32_t c_size = numerics::bytes(plan_.output.format);
    const grid nodes = plan_.nodes();
    a.address = addresses_.a;
    a.bytes = static_cast<std::uint32_t>(plan_.a_bytes);
    b.address = addresses_.b;
    b.bytes = static_cast<std::uint32_t>(plan_.b_bytes);
    c.address = addresses_.output;
    c.bytes = static_cast<std::uint32_t>(plan_.output_bytes);
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const coordinate here = nodes.at(static_cast<node_index>(i));
        const gemm_role role = role_of(plan_, here);
        const std::uint32_t row_part = plan_.row_part(here);
        const std::uint32_t column_part = plan_.column_part(here);
        if (has_chunks(plan_.a, role.a.owns)) {
            add_shares(a.pieces, here, a_rows, s.m, s.k, plan_.a, plan_.rows.first(row_part), role.rows,
                       static_cast<std::uint32_t>(here.x) % plan_.a.chain, true);
        }
        if (has_chunks(plan_.b, role.b.owns)) {
            add_shares(b.pieces, here, b_columns, s.n, s.k, plan_.b, plan_.columns.first(column_part), role.columns,
                       static_cast<std::uint32_t>(here.y) % plan_.b.chain, false);
        }
        for_each_block_of_c(here, [&](std::uint64_t m, std::uint64_t n, std::uint64_t block) {
            if (m >= s.m || n >= s.n) return;
            c.pieces.push_back({.node = here,
                                .offset = block * numerics::block_elements * c_size,
                                .first = m * s.n + n,
                                .rows = static_cast<std::uint32_t>(std::min<std::uint64_t>(block_rows, s.m - m)),
                                .columns = static_cast<std::uint32_t>(std::min<std::uint64_t>(block_columns, s.n - n)),
                                .stride = s.n,
                                .pitch = block_columns * c_size});
        });
    }
    return {job_, {std::move(a), std::move(b), std::move(c)}};
}

template <typename Visit>
void gemm::for_each_block_of_c(coordinate node, const Visit& visit) const {
    const std::uint32_t row_part = plan_.row_part(node);
    const std::uint32_t column_part = plan_.column_part(node);
    const block_split down{plan_.rows.size(row_part), plan_.a.passes};
    const block_split across{plan_.columns.size(column_part), plan_.b.passes};
    std::uint64_t number = 0;
    for (std::uint32_t r = 0; r < plan_.a.passes; ++r) {
        for (std::uint32_t q = 0; q < plan_.b.passes; ++q) {
            const std::uint32_t wide = across.size(q);
            for (std::uint32_t block = 0; block < down.size(r) * wide; ++block, ++number) {
                visit(
                    (std::uint64_t{plan_.rows.first(row_part)} + down.first(r) + block / wide) * block_rows,
                    (std::uint64_t{plan_.columns.first(column_part)} + across.first(q) + block % wide) * block_columns,
                    number);
            }
        }
    }
}

std::vector<std::uint32_t> gemm::read(die& on) const {
    const gemm_shape& s = plan_.shape;
    const std::size_t bytes = numerics::bytes(plan_.output.format);
    std::vector<std::uint32_t> c(s.m * s.n);
    std::vector<std::byte> part;
    const grid nodes = plan_.nodes();
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const coordinate here = nodes.at(static_cast<node_index>(i));
        const std::uint32_t row_part = plan_.row_part(here);
        const std::uint32_t column_part = plan_.column_part(here);
        const std::uint32_t rows = plan_.rows.size(row_part);
        const std::uint32_t columns = plan_.columns.size(column_part);
        part.resize(std::size_t{rows} * columns * numerics::block_elements * bytes);
        on.read(job_.where.at(here), addresses_.output, part);
        for_each_block_of_c(here, [&](std::uint64_t first_row, std::uint64_t first_column, std::uint64_t block) {
            const std::byte* from = part.data() + block * numerics::block_elements * bytes;
            for (std::uint32_t e = 0; e < numerics::block_elements; ++e, from += bytes) {
                const std::uint64_t m = first_row + e / block_columns;
                const std::uint64_t n = first_column + e % block_columns;
                if (m < s.m && n < s.n) std::memcpy(&c[m * s.n + n], from, bytes);
            }
        });
    }
    return c;
}

}  // namespace d1::kernels
