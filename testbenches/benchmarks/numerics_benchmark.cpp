// Speed of the bit-true arithmetic on one core. FLOP counts a product and a sum as two.

#include <benchmark/benchmark.h>

#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/numerics/dispatch.hpp"
#include "models/numerics/elementwise.hpp"
#include "models/numerics/matrix.hpp"
#include "models/numerics/number_format.hpp"

namespace {

using namespace d1::numerics;

using d1::numerics::types::bf16;
using d1::numerics::types::fp32;
constexpr element_type cfp8_143{number_format::cfp8_143, 7};
constexpr element_type cfp16_shp{number_format::cfp16_shp, 15};
constexpr element_type int8{number_format::int8};

std::vector<float> random_values(std::size_t count, std::uint64_t key) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<float>(static_cast<std::int64_t>(counter_random(1, key, i))) * 0x1p-63F;
    }
    return values;
}

std::vector<std::byte> random_elements(element_type type, std::size_t count, std::uint64_t key) {
    std::vector<std::byte> result(count * bytes(type.format));
    encode(type, random_values(count, key), result);
    return result;
}

void multiply(benchmark::State& state, matrix_shape shape, element_type type, arithmetic rules) {
    const auto a = random_elements(type, shape.a_bytes(type) / bytes(type.format), 1);
    const auto b = random_elements(type, shape.b_bytes(type) / bytes(type.format), 2);
    std::vector<std::byte> c(shape.c_bytes());
    for (auto _ : state) {
        matrix_multiply_accumulate(c, a, type, b, type, shape, false, rules);
        benchmark::DoNotOptimize(c.data());
        benchmark::ClobberMemory();
    }
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * 256.0 * static_cast<double>(shape.steps()),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

matrix_shape shape_of(std::uint32_t m, std::uint32_t n, std::uint32_t k) {
    return {m / block_rows, n / block_columns, k / step_depth};
}

void matrix_bf16(benchmark::State& state) {
    const auto extent = [&](std::size_t i) { return static_cast<std::uint32_t>(state.range(i)); };
    multiply(state, shape_of(extent(0), extent(1), extent(2)), bf16, {});
}
BENCHMARK(matrix_bf16)
    ->Args({8, 8, 4})
    ->Args({8, 8, 64})
    ->Args({64, 64, 64})
    ->Args({216, 232, 64})
    ->Args({216, 232, 1024})
    ->Args({512, 512, 512});

void matrix_fp32(benchmark::State& state) {
    multiply(state, shape_of(216, 232, 64), fp32, {});
}
BENCHMARK(matrix_fp32);

void matrix_bf16_flushed(benchmark::State& state) {
    multiply(state, shape_of(216, 232, 64), bf16, {.keep_subnormals = false});
}
BENCHMARK(matrix_bf16_flushed);

void matrix_bf16_fp21(benchmark::State& state) {
    multiply(state, shape_of(216, 232, 64), bf16, {.accumulator = accumulator_format::fp21});
}
BENCHMARK(matrix_bf16_fp21);

void matrix_cfp8_143(benchmark::State& state) {
    multiply(state, shape_of(216, 232, 64), cfp8_143, {});
}
BENCHMARK(matrix_cfp8_143);

void matrix_int8(benchmark::State& state) {
    multiply(state, shape_of(216, 232, 64), int8, {});
}
BENCHMARK(matrix_int8);

void matrix_bf16_target(benchmark::State& state, const std::string& target) {
    const forced_dispatch_target forced(target);
    multiply(state, shape_of(216, 232, 64), bf16, {});
}
const bool targets_registered = [] {
    for (const std::string& target : dispatch_targets()) {
        benchmark::RegisterBenchmark(("matrix_bf16_target/" + target).c_str(), matrix_bf16_target, target);
    }
    return true;
}();

constexpr std::size_t stream_elements = 16384;

void count_elements(benchmark::State& state) {
    state.counters["elements/s"] =
        benchmark::Counter(static_cast<double>(stream_elements), benchmark::Counter::kIsIterationInvariantRate);
}

void decoding(benchmark::State& state, element_type type) {
    const auto source = random_elements(type, stream_elements, 3);
    std::vector<float> values(stream_elements);
    for (auto _ : state) {
        decode(type, source, values);
        benchmark::DoNotOptimize(values.data());
        benchmark::ClobberMemory();
    }
    count_elements(state);
}
BENCHMARK_CAPTURE(decoding, bf16, bf16);
BENCHMARK_CAPTURE(decoding, cfp8_143, cfp8_143);
BENCHMARK_CAPTURE(decoding, cfp16_shp, cfp16_shp);

void encoding(benchmark::State& state, element_type type, rounding_mode mode) {
    const auto values = random_values(stream_elements, 4);
    std::vector<std::byte> destination(bytes(type.format) * stream_elements);
    for (auto _ : state) {
        encode(type, values, destination, {}, {mode});
        benchmark::DoNotOptimize(destination.data());
        benchmark::ClobberMemory();
    }
    count_elements(state);
}
BENCHMARK_CAPTURE(encoding, bf16, bf16, rounding_mode::nearest);
BENCHMARK_CAPTURE(encoding, bf16_stochastic, bf16, rounding_mode::stochastic);
BENCHMARK_CAPTURE(encoding, cfp8_143, cfp8_143, rounding_mode::nearest);
BENCHMARK_CAPTURE(encoding, cfp8_143_stochastic, cfp8_143, rounding_mode::stochastic);
BENCHMARK_CAPTURE(encoding, cfp16_shp, cfp16_shp, rounding_mode::nearest);
BENCHMARK_CAPTURE(encoding, int8, int8, rounding_mode::nearest);

void elementwise(benchmark::State& state, elementwise_operation operation, element_type from, element_type to) {
    const auto a = random_elements(from, stream_elements, 5);
    const auto b = random_elements(from, source_count(operation) > 1 ? stream_elements : 0, 6);
    std::vector<std::byte> d(stream_elements * bytes(to.format));
    for (auto _ : state) {
        apply(operation, {d, to}, {a, from}, {b, from}, 0.5F);
        benchmark::DoNotOptimize(d.data());
        benchmark::ClobberMemory();
    }
    count_elements(state);
}
BENCHMARK_CAPTURE(elementwise, convert_fp32_to_bf16, elementwise_operation::convert, fp32, bf16);
BENCHMARK_CAPTURE(elementwise, convert_bf16_to_fp32, elementwise_operation::convert, bf16, fp32);
BENCHMARK_CAPTURE(elementwise, add_bf16, elementwise_operation::add, bf16, bf16);
BENCHMARK_CAPTURE(elementwise, multiply_add_fp32, elementwise_operation::multiply_add, fp32, fp32);
BENCHMARK_CAPTURE(elementwise, maximum_bf16, elementwise_operation::maximum, bf16, bf16);
BENCHMARK_CAPTURE(elementwise, relu_fp32, elementwise_operation::relu, fp32, fp32);

}  // namespace
