#pragma once
// Kernels that show the published rates of a node: for the tests and the tables of docs/pipeline.md.

#include <memory>

#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/machine.hpp"

namespace d1::pipeline::demonstration {

using numerics::types::bf16;
using numerics::types::fp32;

/// C (+)= A x B of rows x columns blocks.
[[nodiscard]] inline program::matrix_multiply<std::int64_t> product(std::uint32_t rows, std::uint32_t columns,
                                                                    std::uint32_t steps, bool accumulate = false,
                                                                    numerics::element_type type = bf16) {
    return {.accumulate = accumulate ? 1 : 0,
            .row_blocks = rows,
            .column_blocks = columns,
            .k_steps = steps,
            .a_type = type,
            .b_type = type};
}

[[nodiscard]] inline program::vector_operation<std::int64_t> on_vector(numerics::elementwise_operation operation,
                                                                       std::uint32_t elements,
                                                                       numerics::element_type type = fp32) {
    return {.operation = operation, .elements = elements, .destination_type = type, .a_type = type, .b_type = type};
}

/// Two vector loads, a vector store, a scalar load and a scalar store in every cycle: all five ports of the core.
[[nodiscard]] inline kernel all_core_ports(std::uint32_t rounds) {
    kernel_writer out("all ports of the core");
    out.loop(rounds, [&] {
        for (std::uint32_t n = 0; n < 8; ++n) {
            out.load(vector_register(2 * n), pointer(0), std::int64_t{n} * 128);
            out.load(vector_register(2 * n + 1), pointer(0), std::int64_t{n} * 128 + 64);
            out.store(vector_register(16 + n), pointer(1), std::int64_t{n} * 64);
            out.put({.kind = op_kind::scalar_load, .base = pointer(2), .value = static_cast<std::int32_t>(8 * n)});
            out.put({.kind = op_kind::scalar_store, .base = pointer(3), .value = static_cast<std::int32_t>(8 * n)});
        }
    });
    return out.take();
}

/// What the machine does in `cycles` cycles, after as many to fill it; the mesh ports are busy throughout if `mesh`.
[[nodiscard]] inline machine_counts steady(const kernel& k, std::uint32_t cycles, bool mesh,
                                           const core_parameters& core = {}, const sram_parameters& memory = {}) {
    const auto m = std::make_unique<machine>(core, memory);
    m->warm(k);
    m->start(0, k);
    machine_counts before;
    for (std::uint32_t n = 0; n < 2 * cycles; ++n) {
        if (n == cycles) {
            before = m->counts();
        }
        for (std::uint32_t p = 0; mesh && p < memory.mesh_read_ports; ++p) {
            static_cast<void>(m->mesh_access(false, n * 64));
        }
        for (std::uint32_t p = 0; mesh && p < memory.mesh_write_ports; ++p) {
            static_cast<void>(m->mesh_access(true, n * 64));
        }
        m->tick();
    }
    return m->counts().since(before);
}

}  // namespace d1::pipeline::demonstration
