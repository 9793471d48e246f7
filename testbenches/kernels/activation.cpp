#include "testbenches/kernels/activation.hpp"

#include <array>
#include <string>

namespace d1::kernels {

namespace {

using enum numerics::elementwise_operation;
using value = formula::value;

constexpr float half_root = 0x1.6a09e6p-1F;       // 1/sqrt(2)
constexpr float normal_density = 0x1.988454p-2F;  // 1/sqrt(2 pi)

/// t = (erf(x / sqrt 2) 1/2) + 1/2: the normal distribution.
void normal_distribution(formula& f, value t, value x) {
    f.apply(multiply, t, x, f.constant(half_root));
    f.apply(error_function, t, t);
    f.apply(multiply_add, t, t, f.constant(0.5F), 0.5F);
}

/// t = exp(-x) + 1
void exponential_plus_one(formula& f, value t, value x) {
    f.apply(negate, t, x);
    f.apply(exponential, t, t);
    f.apply(add, t, t, f.constant(1));
}

}  // namespace

std::string_view name(activation a) {
    constexpr std::array<std::string_view, 3> names{"relu", "gelu", "silu"};
    return names.at(static_cast<std::size_t>(a));
}

kernel make_activation(activation a, std::uint64_t elements, numerics::element_type x_type,
                       numerics::element_type y_type, const die& on) {
    formula f;
    const value x = f.input("input", x_type);
    const value y = f.output("output", y_type);
    if (a == activation::relu) {
        f.apply(relu, y, x);
    } else {
        const value t = f.temporary();
        if (a == activation::gelu) {
            normal_distribution(f, t, x);
            f.apply(multiply, y, x, t);
        } else {
            exponential_plus_one(f, t, x);
            f.apply(divide, y, x, t);
        }
    }
    return make_kernel(std::string(name(a)), f, elements, on);
}

kernel make_activation_gradient(activation a, std::uint64_t elements, numerics::element_type x_type,
                                numerics::element_type dy_type, numerics::element_type dx_type, const die& on) {
    formula f;
    const value x = f.input("input", x_type);
    const value dy = f.input("d_output", dy_type);
    const value dx = f.output("d_input", dx_type);
    if (a == activation::relu) {
        f.apply(relu_gradient, dx, x, dy);
    } else {
        const value t = f.temporary();
        const value u = f.temporary();
        if (a == activation::gelu) {
            f.apply(multiply, u, x, x);
            f.apply(multiply, u, u, f.constant(-0.5F));
            f.apply(exponential, u, u);
            f.apply(multiply, u, u, f.constant(normal_density));
            f.apply(multiply, u, x, u);
            normal_distribution(f, t, x);
            f.apply(add, t, t, u);
        } else {
            exponential_plus_one(f, t, x);
            f.apply(reciprocal, t, t);
            f.apply(multiply_add, u, t, f.constant(1), -1);
            f.apply(multiply, u, x, u);
            f.apply(add, u, u, f.constant(1));
            f.apply(multiply, t, t, u);
        }
        f.apply(multiply, dx, dy, t);
    }
    return make_kernel(std::string(name(a)) + "_gradient", f, elements, on);
}

kernel make_residual_add(std::uint64_t elements, numerics::element_type inputs, numerics::element_type output,
                         const die& on) {
    formula f;
    const value a = f.input("a", inputs);
    const value b = f.input("b", inputs);
    f.apply(add, f.output("output", output), a, b);
    return make_kernel("residual_add", f, elements, on);
}

kernel make_conversion(std::uint64_t elements, numerics::element_type x_type, numerics::element_type y_type,
                       formula::rounding_key key, const die& on) {
    formula f;
    const value x = f.input("input", x_type);
    f.apply(convert, f.output("output", y_type, value_shape::matrix, key), x);
    return make_kernel("convert", f, elements, on);
}

}  // namespace d1::kernels
