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

/// Puts what an owner, in place `owner` of its chain, has of a panel into its SRAM. The panel is `blocks` blocks of the
/// operand, the first of them block `first`.
template <typename Element>
void load_shares(die& on, node_index node, std::uint32_t address, const operand& from, const panel_layout& panel,
                 std::uint32_t first, std::uint32_t blocks, std::uint32_t owner) {
    const std::uint32_t first_chunk = owner * panel.per_owner;
    const std::uint32_t end_chunk = std::min(first_chunk + panel.per_owner, panel.k.count());
    std::vector<Element> chunk;
    const block_split subs{blocks, panel.passes};
    std::uint64_t begin = address;
    for (std::uint32_t sub = 0; sub < panel.passes; ++sub) {
        const std::uint32_t sub_blocks = subs.size(sub);
        const std::uint64_t stride = panel.chunk_bytes(sub_blocks, panel.k.chunk);
        std::uint64_t at = begin + (panel.holds_shares() ? 0 : first_chunk * stride);
        begin += panel.sub_block_bytes(sub_blocks);
        for (std::uint32_t c = first_chunk; c < end_chunk; ++c, at += stride) {
            const std::uint32_t first_step = c * panel.k.chunk;
            const std::uint32_t steps = std::min(panel.k.chunk, panel.k.steps - first_step);
            chunk.assign(panel.chunk_bytes(sub_blocks, steps) / sizeof(Element), Element{0});
            for (std::uint32_t i = 0; i < sub_blocks * steps; ++i) {
                from.slice(first + subs.first(sub) + i / steps, first_step + i % steps,
                           std::span(chunk).subspan(std::size_t{i} * slice_elements).template first<slice_elements>());
            }
            on.load(node, static_cast<std::uint32_t>(at), std::as_bytes(std::span(chunk)));
        }
    }
}

/// The same for a node of whatever place among the nodes that share the panel.
void load_panel(die& on, node_index node, std::uint32_t address, const operand& from, const panel_layout& panel,
                const block_split& blocks, std::uint32_t part, ownership owns, std::uint32_t position) {
    if (panel.moves() && owns == ownership::none) {
        return;
    }
    const auto load = numerics::bytes(panel.type.format) == 1 ? load_shares<std::uint8_t> : load_shares<std::uint16_t>;
    load(on, node, address, from, panel, blocks.first(part), blocks.size(part), position);
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
        const std::byte* from = part.data();
        const block_split down{rows, plan_.a.passes};
        const block_split across{columns, plan_.b.passes};
        for (std::uint32_t r = 0; r < plan_.a.passes; ++r) {
            for (std::uint32_t q = 0; q < plan_.b.passes; ++q) {
                const std::uint32_t high = down.size(r);
                const std::uint32_t wide = across.size(q);
                for (std::uint32_t e = 0; e < high * wide * numerics::block_elements; ++e, from += bytes) {
                    const std::uint32_t block = e / numerics::block_elements;
                    const std::uint32_t within = e % numerics::block_elements;
                    const std::uint64_t m =
                        (std::uint64_t{plan_.rows.first(row_part)} + down.first(r) + block / wide) * block_rows +
                        within / block_columns;
                    const std::uint64_t n =
                        (std::uint64_t{plan_.columns.first(column_part)} + across.first(q) + block % wide) *
                            block_columns +
                        within % block_columns;
                    if (m < s.m && n < s.n) {
                        std::memcpy(&c[m * s.n + n], from, bytes);
                    }
                }
            }
        }
    }
    return c;
}

}  // namespace d1::kernels
