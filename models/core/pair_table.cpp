#include "models/core/pair_table.hpp"

#include <iomanip>
#include <memory>
#include <sstream>
#include <utility>
#include <variant>

#include "models/core/instruction_cost.hpp"
#include "models/core/pipeline/demonstration_kernels.hpp"
#include "models/core/steady_states.hpp"

namespace d1 {

namespace {

using numerics::elementwise_operation;
using pipeline::demonstration::bf16;
using pipeline::demonstration::fp32;
using pipeline::demonstration::on_vector;
using pipeline::demonstration::product;

}  // namespace

std::vector<named_kernel> kernels_of_pairs(const core_parameters& core, const sram_parameters& memory) {
    steady_states costs(core, memory);
    std::vector<named_kernel> all;
    const auto add = [&](const char* name, const auto& instruction) {
        all.push_back({name, costs.in_company(instruction)});
    };
    add("product", product(8, 8, 64, true));
    add("product of strided A", [] {
        auto m = product(8, 8, 64);
        m.a_step_stride = 1024;
        return m;
    }());
    add("product, FP32", product(4, 4, 256, true, fp32));
    add("add", on_vector(elementwise_operation::add, 65'536));
    add("add, BF16", on_vector(elementwise_operation::add, 65'536, bf16));
    add("exp", on_vector(elementwise_operation::exponential, 2048));
    add("bias", [] {
        auto v = on_vector(elementwise_operation::add, 128, bf16);
        v.rows = 512;
        v.a_stride = v.destination_stride = 256;
        return v;
    }());
    add("copy", program::copy<std::int64_t>{.shape = {1, 262'144, 0, 0}});
    add("transpose", program::transpose<std::int64_t>{
                         .rows = 256, .columns = 256, .source_stride = 1024, .destination_stride = 1024, .type = fp32});
    add("reduce",
        program::reduce<std::int64_t>{
            .rows = 64, .elements = 1024, .source_stride = 4096, .destination_type = fp32, .source_type = fp32});
    add("gather", program::gather<std::int64_t>{.table = {0, 100, 16, 16}, .elements = 256});
    add("scatter_add", program::scatter_add<std::int64_t>{
                           .table = {0, 100, 16, 16}, .elements = 256, .table_type = fp32, .source_type = fp32});
    return all;
}

namespace {

std::uint64_t on_pipeline(const pipeline::kernel& first, const pipeline::kernel& second, const core_parameters& core,
                          const sram_parameters& memory) {
    const auto m = std::make_unique<pipeline::machine>(core, memory);
    m->warm(first);
    m->warm(second);
    m->start(0, first);
    m->start(1, second);
    std::uint64_t cycles = 0;
    for (; m->busy(); ++cycles) {
        m->tick();
    }
    return cycles;
}

}  // namespace

std::vector<pair_error> pair_errors(const core_parameters& core, const sram_parameters& memory) {
    const auto all = kernels_of_pairs(core, memory);
    std::vector<pair_error> errors;
    for (const named_kernel& a : all) {
        for (const named_kernel& b : all) {
            unit_schedule units(unit_rates(core, memory));
            const timing::cycle end = units.reserve(0, a.cost.demand);
            errors.push_back({a.name, b.name, std::max(end, units.reserve(0, b.cost.demand)),
                              on_pipeline(a.cost.kernel, b.cost.kernel, core, memory)});
        }
    }
    return errors;
}

std::vector<named_kernel> short_kernels_of_pairs() {
    steady_states costs({}, {});
    std::vector<named_kernel> all;
    const auto add = [&](const char* name, const auto& instruction) {
        all.push_back({name, costs.in_company(instruction)});
    };
    add("product", product(2, 2, 64, true));
    add("product, FP32", product(2, 2, 32, true, fp32));
    add("add", on_vector(elementwise_operation::add, 4096));
    add("add, BF16", on_vector(elementwise_operation::add, 4096, bf16));
    add("exp", on_vector(elementwise_operation::exponential, 256));
    add("copy", program::copy<std::int64_t>{.shape = {1, 16'384, 0, 0}});
    add("transpose", program::transpose<std::int64_t>{
                         .rows = 64, .columns = 64, .source_stride = 256, .destination_stride = 256, .type = fp32});
    add("reduce",
        program::reduce<std::int64_t>{
            .rows = 8, .elements = 512, .source_stride = 2048, .destination_type = fp32, .source_type = fp32});
    add("gather", program::gather<std::int64_t>{.table = {0, 100, 16, 16}, .elements = 64});
    add("scatter_add", program::scatter_add<std::int64_t>{
                           .table = {0, 100, 16, 16}, .elements = 64, .table_type = fp32, .source_type = fp32});
    return all;
}

namespace {

/// `times` times the second, one behind the other.
std::uint64_t row_on_pipeline(const pipeline::kernel& first, const pipeline::kernel& second, std::uint64_t times) {
    const auto m = std::make_unique<pipeline::machine>(core_parameters(), sram_parameters());
    m->warm(first);
    m->warm(second);
    m->start(0, first);
    m->start(1, second);
    std::uint64_t cycles = 0;
    while (times != 0) {
        const bool ends = (m->tick() >> 1U & 1U) != 0;
        ++cycles;
        if (ends && --times != 0) {
            m->start(1, second);
        }
    }
    return cycles;
}

}  // namespace

std::vector<pair_error> errors_of_rows() {
    std::vector<pair_error> errors;
    for (const named_kernel& a : kernels_of_pairs()) {
        for (const named_kernel& b : short_kernels_of_pairs()) {
            const std::uint64_t times = a.cost.demand.cycles / (2 * (b.cost.demand.cycles + b.cost.demand.latency));
            unit_schedule units(unit_rates({}, {}));
            static_cast<void>(units.reserve(0, a.cost.demand));
            timing::cycle end = 0;
            for (std::uint64_t n = 0; n < times; ++n) {
                end = units.reserve(end, b.cost.demand);
            }
            errors.push_back({a.name, b.name, end, row_on_pipeline(a.cost.kernel, b.cost.kernel, times)});
        }
    }
    return errors;
}

std::string pair_table() {
    const auto errors = pair_errors();
    std::ostringstream out;
    std::string rule = "|---|";
    out << "| first \\ second |";
    for (const pair_error& e : errors) {
        if (e.first != errors.front().first) {
            break;
        }
        out << ' ' << e.second << " |";
        rule += "---|";
    }
    out << '\n' << rule;
    std::string row;
    for (const pair_error& e : errors) {
        if (e.first != row) {
            row = e.first;
            out << "\n| " << row << " |";
        }
        out << ' ' << std::showpos << std::fixed << std::setprecision(1) << 100 * e.part() << " |";
    }
    out << '\n';
    return out.str();
}

}  // namespace d1
