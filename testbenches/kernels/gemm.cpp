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

/// An owner's shares of a panel of `blocks` blocks, the first of them block `first` of the operand, as bytes of its
/// SRAM.
template <typename Element>
std::vector<Element> shares_of(const operand& from, const panel_layout& panel, std::uint32_t first,
                               std::uint32_t blocks, std::uint32_t owner) {
    std::vector<Element> shares(panel.panel_bytes(blocks) / sizeof(Element));
    auto out = shares.begin();
    for (std::uint32_t sub = 0; sub < blocks; sub += panel.sub_blocks) {
        const std::uint32_t sub_blocks = std::min(panel.sub_blocks, blocks - sub);
        for (std::uint32_t k = 0; k < panel.k.count(); ++k) {
            const std::uint32_t first_step = k * panel.k.chunk;
            const std::uint32_t steps = std::min(panel.k.chunk, panel.k.steps - first_step);
            const std::uint32_t share = panel.share(sub_blocks, steps);
            for (std::uint32_t i = owner * share; i < (owner + 1) * share; ++i, out += slice_elements) {
                if (i < sub_blocks * steps) {
                    from.slice(first + sub + i / steps, first_step + i % steps,
                               std::span<Element, slice_elements>(&*out, slice_elements));
                }
            }
        }
    }
    return shares;
}

/// Puts the shares of one node, the `owner`-th of the panel of part `part`, into its SRAM.
void load_shares(die& on, node_index node, std::uint32_t address, const operand& from, const panel_layout& panel,
                 const block_split& blocks, std::uint32_t part, std::uint32_t owner) {
    const auto put = [&](const auto& shares) { on.load(node, address, std::as_bytes(std::span(shares))); };
    if (numerics::bytes(panel.type.format) == 1) {
        put(shares_of<std::uint8_t>(from, panel, blocks.first(part), blocks.size(part), owner));
    } else {
        put(shares_of<std::uint16_t>(from, panel, blocks.first(part), blocks.size(part), owner));
    }
}

}  // namespace

gemm::gemm(const gemm_shape& shape, const gemm_types& types, const die& on)
    : plan_(plan_gemm(shape, types, on.parameters(), on.live_nodes())) {
    job_.where = on.place(plan_.nodes);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> roles;
    for (std::int32_t y = 0; y < plan_.nodes.rows; ++y) {
        for (std::int32_t x = 0; x < plan_.nodes.columns; ++x) {
            const std::uint32_t rows = plan_.rows.size(static_cast<std::uint32_t>(y));
            const std::uint32_t columns = plan_.columns.size(static_cast<std::uint32_t>(x));
            const auto [role, is_new] = roles.try_emplace({rows, columns}, job_.roles.size());
            if (is_new) {
                gemm_program made = make_gemm_program(plan_, rows, columns, on.parameters());
                addresses_ = made.addresses;
                job_.roles.push_back({std::move(made.program), {}});
            }
            job_.roles[role->second].members.push_back({x, y});
        }
    }
}

void gemm::load(die& on, std::span<const std::uint16_t> a, std::span<const std::uint16_t> b) const {
    const gemm_shape& s = plan_.shape;
    const operand a_rows{a, s.m, s.k, s.k, 1, false};
    const operand b_columns{b, s.n, s.k, 1, s.n, true};
    for (std::int32_t y = 0; y < plan_.nodes.rows; ++y) {
        for (std::int32_t x = 0; x < plan_.nodes.columns; ++x) {
            const auto column = static_cast<std::uint32_t>(x);
            const auto row = static_cast<std::uint32_t>(y);
            const node_index n = job_.where.at({x, y});
            load_shares(on, n, addresses_.a, a_rows, plan_.a, plan_.rows, row, column);
            load_shares(on, n, addresses_.b, b_columns, plan_.b, plan_.columns, column, row);
        }
    }
}

std::vector<std::uint32_t> gemm::read(die& on) const {
    const gemm_shape& s = plan_.shape;
    const std::size_t bytes = numerics::bytes(plan_.output.format);
    std::vector<std::uint32_t> c(s.m * s.n);
    std::vector<std::byte> part;
    for (std::int32_t y = 0; y < plan_.nodes.rows; ++y) {
        for (std::int32_t x = 0; x < plan_.nodes.columns; ++x) {
            const std::uint32_t rows = plan_.rows.size(static_cast<std::uint32_t>(y));
            const std::uint32_t columns = plan_.columns.size(static_cast<std::uint32_t>(x));
            part.resize(std::size_t{rows} * columns * numerics::block_elements * bytes);
            on.read(job_.where.at({x, y}), addresses_.output, part);
            const std::byte* from = part.data();
            for (std::uint32_t sub_row = 0; sub_row < rows; sub_row += plan_.a.sub_blocks) {
                for (std::uint32_t sub_column = 0; sub_column < columns; sub_column += plan_.b.sub_blocks) {
                    const std::uint32_t high = std::min(plan_.a.sub_blocks, rows - sub_row);
                    const std::uint32_t wide = std::min(plan_.b.sub_blocks, columns - sub_column);
                    for (std::uint32_t i = 0; i < high * wide * numerics::block_elements; ++i, from += bytes) {
                        const std::uint32_t block = i / numerics::block_elements;
                        const std::uint32_t within = i % numerics::block_elements;
                        const std::uint64_t m =
                            (std::uint64_t{plan_.rows.first(static_cast<std::uint32_t>(y))} + sub_row + block / wide) *
                                block_rows +
                            within / block_columns;
                        const std::uint64_t n = (std::uint64_t{plan_.columns.first(static_cast<std::uint32_t>(x))} +
                                                 sub_column + block % wide) *
                                                    block_columns +
                                                within % block_columns;
                        if (m < s.m && n < s.n) {
                            std::memcpy(&c[m * s.n + n], from, bytes);
                        }
                    }
                }
            }
        }
    }
    return c;
}

}  // namespace d1::kernels
