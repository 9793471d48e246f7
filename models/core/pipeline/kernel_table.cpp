#include "models/core/pipeline/kernel_table.hpp"

#include <iomanip>
#include <sstream>

#include "models/core/pipeline/demonstration_kernels.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1::pipeline {

namespace {

using demonstration::on_vector;
using demonstration::product;
using numerics::elementwise_operation;

double cycles_alone(const auto& instruction, const core_parameters& core = {}, const sram_parameters& memory = {}) {
    return static_cast<double>(run_alone(kernel_of(instruction, core), core, memory).cycles());
}

core_parameters without_reuse() {
    core_parameters core;
    core.register_block_rows = core.register_block_columns = 1;
    return core;
}

void rates(std::ostream& out) {
    constexpr std::uint32_t window = 4000;
    const auto ports = demonstration::steady(demonstration::all_core_ports(10'000), window, true);
    const core_parameters single = without_reuse();
    const auto fed = demonstration::steady(kernel_of(product(1, 1, 60'000), single), window, false, single);
    const auto row = [&out](const char* what, double target, double value) {
        out << "| " << what << " | " << target << " | " << value << " | " << std::showpos << std::setprecision(2)
            << 100 * (value / target - 1) << " % |\n"
            << std::noshowpos << std::setprecision(5);
    };
    out << "| per cycle | target | pipeline | error |\n|---|---|---|---|\n" << std::setprecision(5);
    row("FLOP, BF16, 128 x 128 x 2048", 512, 2.0 * 128 * 128 * 2048 / cycles_alone(product(16, 16, 512)));
    row("FLOP, FP32 multiply-add, 65 536 elements", 32,
        2.0 * 65536 / cycles_alone(on_vector(elementwise_operation::multiply_add, 65536)));
    row("bytes loaded, all seven ports", 200, static_cast<double>(ports.loaded_bytes()) / window);
    row("bytes stored, all seven ports", 136, static_cast<double>(ports.stored_bytes()) / window);
    row("FLOP, BF16 without reuse, two loads a step", 512, 512.0 * static_cast<double>(fed.matrix) / window);
}

class parameter_rows {
  public:
    explicit parameter_rows(std::ostream& out) : out_(out) {
        out_ << "| parameter | kernel | closed form, cycles | pipeline | error |\n|---|---|---|---|---|\n";
    }
    void add(const std::string& parameter, const char* kernel, double expected, double value) {
        out_ << "| " << parameter << " | " << kernel << " | " << std::fixed << std::setprecision(0) << expected << " | "
             << value << " | " << std::showpos << std::setprecision(1) << 100 * (value / expected - 1) << " % |\n"
             << std::noshowpos;
    }

  private:
    std::ostream& out_;
};

void parameters(std::ostream& out) {
    parameter_rows rows(out);
    for (const std::uint32_t side : {4U, 8U, 16U}) {
        core_parameters core;
        core.matrix_rows = core.matrix_columns = side;
        const double steps = 128.0 / side * 128.0 / side * 512;
        const double lines = 512 * 2 * 16.0 * std::max(1.0, 64.0 / side);
        rows.add("matrix " + std::to_string(side) + "x" + std::to_string(side) + "x4", "128 x 128 x 2048, BF16",
                 std::max(steps, lines / 2), cycles_alone(product(16, 16, 512), core));
    }
    for (const std::uint32_t lanes : {8U, 16U, 32U}) {
        core_parameters core;
        core.simd_lanes = lanes;
        rows.add("simd_lanes " + std::to_string(lanes), "exp, 16 384 elements", 32.0 * 16384 / lanes,
                 cycles_alone(on_vector(elementwise_operation::exponential, 16384), core));
    }
    for (const std::uint32_t ports : {1U, 2U, 4U}) {
        sram_parameters memory;
        memory.vector_load_ports = ports;
        rows.add("vector_load_ports " + std::to_string(ports), "64 x 64 x 1024, no reuse",
                 64.0 * 256 * std::max(1.0, 2.0 / ports), cycles_alone(product(8, 8, 256), without_reuse(), memory));
    }
    for (const std::uint32_t latency : {5U, 20U, 80U}) {
        core_parameters core;
        core.vector_registers = 8;
        sram_parameters memory;
        memory.load_latency = latency;
        rows.add("load_latency " + std::to_string(latency), "32 x 32 x 8192, 8 registers",
                 4 * 1024 * std::max(8.0, latency + 4.0), cycles_alone(product(4, 4, 2048), core, memory));
    }
    for (const std::uint32_t registers : {8U, 16U, 32U}) {
        core_parameters core;
        core.vector_registers = registers;
        core.queue_depth = 32;
        sram_parameters memory;
        memory.load_latency = 20;
        const double unroll = registers / 4.0;
        rows.add("vector_registers " + std::to_string(registers), "32 x 32 x 8192, latency 20",
                 4 * 2048 / unroll * std::max(4 * unroll, 24.0), cycles_alone(product(4, 4, 2048), core, memory));
    }
}

}  // namespace

std::string kernel_table() {
    std::ostringstream out;
    rates(out);
    out << '\n';
    parameters(out);
    out << "\n";
    const auto listing = [&out](const kernel& k) {
        std::istringstream lines(to_text(k));
        for (std::string line; std::getline(lines, line);) {
            out << "    " << line << '\n';
        }
        out << '\n';
    };
    core_parameters small;
    small.vector_registers = 8;  // two steps of K at a time, so that the listing stays short
    listing(kernel_of(product(16, 16, 512), small));
    listing(kernel_of(product(1, 1, 2048), without_reuse()));
    listing(kernel_of(on_vector(elementwise_operation::multiply_add, 65536), {}));
    listing(demonstration::all_core_ports(10'000));
    return out.str();
}

}  // namespace d1::pipeline
