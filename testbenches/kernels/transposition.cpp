#include "testbenches/kernels/transposition.hpp"

#include <string>

namespace d1::kernels {

using program::affine;

kernel make_transposition(const matrix_extent& extent, numerics::element_type type, const die& on) {
    const std::string name = "transposition";
    const std::uint32_t size = numerics::bytes(type.format);
    require_room(extent.rows, extent.columns, size, on, name);
    const std::string what =
        name + " of " + std::to_string(extent.rows) + " x " + std::to_string(extent.columns) + " elements";
    // The nodes of the job are those of the longer side; of the other side the
    // first ones have rows.
    const spread sources(extent.rows, 1, on);
    const spread targets(extent.columns, 1, on);
    const spread& nodes = sources.nodes() > targets.nodes() ? sources : targets;
    const auto columns = static_cast<std::uint32_t>(extent.columns);
    const std::uint64_t row_bytes = extent.rows * size;
    std::vector<tensor> tensors;
    const auto program_of = [&](const node_share& share) {
        auto build = unlimited_builder(name, on);
        const auto input = build.input_buffer("input", sources.largest_rows() * extent.columns * size, type);
        const auto output = build.buffer("output", targets.largest_rows() * row_bytes, type);
        const auto turned = build.buffer("turned", sources.largest_rows() * extent.columns * size, type);
        auto t = build.thread();
        const std::uint32_t rows = share.node < sources.nodes() ? sources.rows_of(share.node) : 0;
        if (rows != 0) {
            const std::int64_t turned_row = std::int64_t{rows} * size;
            t.transpose({.destination = turned,
                         .source = input,
                         .rows = rows,
                         .columns = columns,
                         .source_stride = std::int64_t{columns} * size,
                         .destination_stride = turned_row,
                         .type = type});
            // First the targets with a row more, then the others.
            const std::uint32_t longer = targets.units() % targets.nodes();
            const std::uint32_t fewer = targets.units() / targets.nodes();
            const affine first_row = sources.first_unit_of(share.node);
            const auto push_to = [&](const affine& node, const affine& first_column, std::uint32_t count) {
                t.push({.to = {node, 0},
                        .source = turned + first_column * turned_row,
                        .destination = output + first_row * size,
                        .shape = {.rows = count,
                                  .row_bytes = static_cast<std::uint32_t>(turned_row),
                                  .source_stride = turned_row,
                                  .destination_stride = static_cast<std::int64_t>(row_bytes)}});
            };
            if (longer != 0) {
                const auto n = t.loop(longer);
                push_to(n, affine(n) * (fewer + 1), fewer + 1);
            }
            if (longer != targets.nodes()) {
                const auto n = t.loop(targets.nodes() - longer);
                push_to(affine(n) + affine(longer), affine(n) * fewer + affine(longer * (fewer + 1)), fewer);
            }
        } else {
            // A node that only receives has nothing to do itself.
            t.signal(build.semaphores("idle", 1, 1));
        }
        const std::uint64_t elements = extent.rows * extent.columns;
        tensors = {
            {"input", type, tensor_use::input, elements, input.address(), input.bytes(), sources.pieces(columns, size)},
            {"output", type, tensor_use::output, elements, output.address(), output.bytes(),
             targets.pieces(static_cast<std::uint32_t>(extent.rows), size)}};
        return finish(build, on, what);
    };
    job programs = nodes.programs(on, program_of, [&](std::uint32_t n) {
        return n < sources.nodes() ? sources.rows_of(n) * 2 + (n < sources.units() % sources.nodes() ? 1 : 0) : 0;
    });
    return {std::move(programs), std::move(tensors)};
}

}  // namespace d1::kernels
