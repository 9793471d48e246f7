#include "testbenches/kernels/embedding.hpp"

#include <optional>
#include <string>

#include "models/program/builder.hpp"
#include "testbenches/kernels/basics.hpp"

namespace d1::kernels {

namespace {

constexpr std::uint32_t granule_bytes = 8;
using numerics::types::int32;

/// A tensor of rows of which each node holds the same columns.
tensor columns_of(const char* name, numerics::element_type type, tensor_use use, std::uint64_t rows,
                  std::uint64_t columns, const program::buffer_handle& buffer, const spread& nodes,
                  std::uint32_t columns_in_granule) {
    tensor t{name, type, use, rows * columns, buffer.address(), buffer.bytes()};
    for (std::uint32_t n = 0; n < nodes.nodes(); ++n) {
        t.pieces.push_back({.node = {static_cast<std::int32_t>(n), 0},
                            .first = nodes.first_row_of(n),
                            .rows = static_cast<std::uint32_t>(rows),
                            .columns = nodes.rows_of(n),
                            .stride = columns,
                            .pitch = nodes.units_of(n) * columns_in_granule * numerics::bytes(type.format)});
    }
    return t;
}

kernel make(const embedding_shape& shape, numerics::element_type type, bool gradient, const die& on) {
    const std::string name = gradient ? "embedding_gradient" : "embedding";
    // A gradient is scattered onto FP32, so granules hold two numbers; a row of
    // the table moves in its own type.
    const std::uint32_t size = numerics::bytes(gradient ? fp32.format : type.format);
    require_room(shape.rows, shape.columns, size, on, name);
    require_room(shape.indices, shape.columns, numerics::bytes(type.format), on, name);
    const std::uint32_t in_granule = granule_bytes / size;
    const spread nodes(shape.columns, in_granule, on);
    const auto rows = static_cast<std::uint32_t>(shape.rows);
    const auto count = static_cast<std::uint32_t>(shape.indices);
    const std::string what = name + " of " + std::to_string(shape.indices) + " rows of a table of " +
                             std::to_string(shape.rows) + " x " + std::to_string(shape.columns);
    const numerics::element_type table_type = gradient ? fp32 : type;
    std::vector<tensor> tensors;
    const auto program_of = [&](const node_share& share) {
        auto build = unlimited_builder(name, on);
        const std::uint64_t most = std::uint64_t{nodes.largest_units()} * in_granule;
        const std::uint64_t table_bytes = shape.rows * most * numerics::bytes(table_type.format);
        const std::uint64_t rows_bytes = shape.indices * most * numerics::bytes(type.format);
        const auto table = gradient ? build.buffer("d_table", table_bytes, table_type)
                                    : build.input_buffer("table", table_bytes, type);
        const auto looked_up =
            gradient ? build.input_buffer("d_output", rows_bytes, type) : build.buffer("output", rows_bytes, type);
        const auto indices = build.input_buffer("indices", shape.indices * sizeof(std::int32_t), int32, 64,
                                                program::buffer_content::index);
        auto t = build.thread();
        const program::lookup_table<program::affine> lookup{table, rows, share.units, granule_bytes};
        if (gradient) {
            t.vector_operation({.operation = numerics::elementwise_operation::fill,
                                .destination = table,
                                .elements = rows * share.units * in_granule,
                                .destination_type = fp32});
            t.scatter_add({.table = lookup,
                           .indices = indices,
                           .source = looked_up,
                           .elements = count,
                           .table_type = fp32,
                           .source_type = type});
        } else {
            t.gather({.destination = looked_up, .table = lookup, .indices = indices, .elements = count});
        }
        tensor everywhere{"indices", int32, tensor_use::input, shape.indices, indices.address(), indices.bytes()};
        for (std::uint32_t n = 0; n < nodes.nodes(); ++n) {
            everywhere.pieces.push_back({.node = {static_cast<std::int32_t>(n), 0}, .columns = count});
        }
        tensors = {
            std::move(everywhere),
            columns_of(gradient ? "d_table" : "table", table_type, gradient ? tensor_use::output : tensor_use::input,
                       shape.rows, shape.columns, table, nodes, in_granule),
            columns_of(gradient ? "d_output" : "output", type, gradient ? tensor_use::input : tensor_use::output,
                       shape.indices, shape.columns, looked_up, nodes, in_granule)};
        return finish(build, on, what);
    };
    job programs = nodes.programs(on, program_of, [](std::uint32_t) { return 0U; });
    return {std::move(programs), std::move(tensors)};
}

}  // namespace

kernel make_embedding(const embedding_shape& shape, numerics::element_type type, const die& on) {
    return make(shape, type, false, on);
}

kernel make_embedding_gradient(const embedding_shape& shape, numerics::element_type type, const die& on) {
    return make(shape, type, true, on);
}

}  // namespace d1::kernels
