#include "models/numerics/functions.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "models/numerics/function_sequences.hpp"

// Highway compiles what stands between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE once for each instruction set, by
// including this file again. The sequences are inlined into the loops here, which the compiler makes vector code of.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/numerics/functions.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#ifndef D1_NUMERICS_EVALUATE_ONE
#define D1_NUMERICS_EVALUATE_ONE
namespace d1::numerics {
namespace {

// The function of one element on a machine's lane.
template <elementary_function function, class Machine>
[[gnu::always_inline]] constexpr typename Machine::real run(typename Machine::real a, typename Machine::real b) {
    using enum elementary_function;
    using sequences = sequence::functions<Machine>;
    if constexpr (function == divide) {
        return sequences::divide(a, b);
    } else if constexpr (function == reciprocal) {
        return sequences::reciprocal(a);
    } else if constexpr (function == square_root) {
        return sequences::square_root(a);
    } else if constexpr (function == reciprocal_square_root) {
        return sequences::reciprocal_square_root(a);
    } else if constexpr (function == exponential) {
        return sequences::exponential(a);
    } else if constexpr (function == logarithm) {
        return sequences::logarithm(a);
    } else if constexpr (function == hyperbolic_tangent) {
        return sequences::hyperbolic_tangent(a);
    } else {
        return sequences::error_function(a);
    }
}

// Operands and results are settled too; an operation's NaN is the canonical one.
template <elementary_function function, bool keep>
[[gnu::always_inline]] inline float compute(float a, float b) {
    using machine = sequence::machine<keep>;
    const float result = machine::settle(run<function, machine>(machine::settle(a), machine::settle(b)).value);
    return result != result ? sequence::nan : result;
}

}  // namespace
}  // namespace d1::numerics
#endif  // D1_NUMERICS_EVALUATE_ONE

HWY_BEFORE_NAMESPACE();
namespace d1::numerics {
namespace HWY_NAMESPACE {
namespace {

template <elementary_function function, bool keep>
void evaluate_all(float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        a[i] = compute<function, keep>(a[i], operand_count(function) == 2 ? b[i] : 0.0F);
    }
}

template <bool keep>
void evaluate_by_rule(elementary_function function, float* a, const float* b, std::size_t count) {
    switch (function) {
        case elementary_function::divide:
            return evaluate_all<elementary_function::divide, keep>(a, b, count);
        case elementary_function::reciprocal:
            return evaluate_all<elementary_function::reciprocal, keep>(a, b, count);
        case elementary_function::square_root:
            return evaluate_all<elementary_function::square_root, keep>(a, b, count);
        case elementary_function::reciprocal_square_root:
            return evaluate_all<elementary_function::reciprocal_square_root, keep>(a, b, count);
        case elementary_function::exponential:
            return evaluate_all<elementary_function::exponential, keep>(a, b, count);
        case elementary_function::logarithm:
            return evaluate_all<elementary_function::logarithm, keep>(a, b, count);
        case elementary_function::hyperbolic_tangent:
            return evaluate_all<elementary_function::hyperbolic_tangent, keep>(a, b, count);
        case elementary_function::error_function:
            return evaluate_all<elementary_function::error_function, keep>(a, b, count);
    }
}

void evaluate_span(elementary_function function, float* a, const float* b, std::size_t count, bool keep) {
    keep ? evaluate_by_rule<true>(function, a, b, count) : evaluate_by_rule<false>(function, a, b, count);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace d1::numerics
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace d1::numerics {
namespace {

HWY_EXPORT(evaluate_span);

template <elementary_function function>
consteval std::uint32_t counted_operations() {
    using machine = sequence::machine<true, sequence::operation_tally>;
    std::uint32_t count = 0;
    const typename machine::real operand(1.5F, sequence::operation_tally{&count});
    static_cast<void>(run<function, machine>(operand, operand));
    return count;
}

template <std::size_t... i>
consteval bool records_are_right(std::index_sequence<i...>) {
    return ((function_records[i].function == static_cast<elementary_function>(i) &&
             function_records[i].operations == counted_operations<static_cast<elementary_function>(i)>()) &&
            ...);
}
static_assert(records_are_right(std::make_index_sequence<function_records.size()>()));

}  // namespace

float evaluate(elementary_function function, float a, float b, arithmetic rules) {
    const auto one = [&]<std::size_t... i>(std::index_sequence<i...>) {
        float result = 0;
        static_cast<void>(((static_cast<elementary_function>(i) == function &&
                            (result = rules.keep_subnormals ? compute<static_cast<elementary_function>(i), true>(a, b)
                                                            : compute<static_cast<elementary_function>(i), false>(a, b),
                             true)) ||
                           ...));
        return result;
    };
    return one(std::make_index_sequence<function_records.size()>());
}

void evaluate_each(elementary_function function, std::span<float> a, std::span<const float> b, arithmetic rules) {
    if (b.size() != (operand_count(function) == 2 ? a.size() : 0)) {
        throw std::invalid_argument("numerics: the operands of " + std::string(record(function).name) +
                                    " differ in length, or one is not used");
    }
    HWY_DYNAMIC_DISPATCH(evaluate_span)(function, a.data(), b.data(), a.size(), rules.keep_subnormals);
}

}  // namespace d1::numerics
#endif  // HWY_ONCE
