#include "testbenches/kernels/optimizer.hpp"

namespace d1::kernels {

namespace {

using enum numerics::elementwise_operation;
using value = formula::value;

constexpr float single(double number) {
    return static_cast<float>(number);
}

/// number^exponent by repeated multiplication, the same on every host.
double power(double number, std::uint32_t exponent) {
    double result = 1;
    for (std::uint32_t i = 0; i < exponent; ++i) result *= number;
    return result;
}

/// The gradient with the decay that is not decoupled.
value decayed(formula& f, value w, value g, double weight_decay) {
    if (weight_decay == 0) return g;
    const value sum = f.temporary();
    f.apply(multiply_add, sum, w, g, single(weight_decay));
    return sum;
}

value weights_of(formula& f, const optimizer_types& types) {
    return f.update("w", types.weights, types.copy ? formula::rounding_key() : types.key);
}

/// The last step: the copy of the new weights, if there is one.
void copy(formula& f, value w, const optimizer_types& types) {
    if (types.copy) {
        f.apply(convert, f.output("copy", *types.copy, value_shape::matrix, types.key), w);
    }
}

}  // namespace

kernel make_sgd(const sgd& s, std::uint64_t elements, const optimizer_types& types, const die& on) {
    formula f;
    const value w = weights_of(f, types);
    const value v = f.update("v", types.state);
    const value g = decayed(f, w, f.input("g", types.gradient), s.weight_decay);
    f.apply(multiply_add, v, v, g, single(s.momentum));
    f.apply(multiply_add, w, v, w, single(-s.learning_rate));
    copy(f, w, types);
    return make_kernel("sgd", f, elements, on);
}

kernel make_adam(const adam& a, std::uint64_t elements, const optimizer_types& types, const die& on) {
    formula f;
    const value w = weights_of(f, types);
    const value m = f.update("m", types.state);
    const value v = f.update("v", types.state);
    const value g = decayed(f, w, f.input("g", types.gradient), a.decoupled ? 0 : a.weight_decay);
    const value t = f.temporary();
    f.apply(multiply, t, g, f.constant(single(1 - a.beta1)));
    f.apply(multiply_add, m, m, t, single(a.beta1));
    f.apply(multiply, t, g, g);
    f.apply(multiply, t, t, f.constant(single(1 - a.beta2)));
    f.apply(multiply_add, v, v, t, single(a.beta2));
    f.apply(multiply, t, v, f.constant(single(1 / (1 - power(a.beta2, a.step)))));
    f.apply(square_root, t, t);
    f.apply(add, t, t, f.constant(single(a.epsilon)));
    f.apply(divide, t, m, t);
    value before = w;
    if (a.decoupled && a.weight_decay != 0) {
        before = f.temporary();
        f.apply(multiply, before, w, f.constant(single(1 - a.learning_rate * a.weight_decay)));
    }
    f.apply(multiply_add, w, t, before, single(-a.learning_rate / (1 - power(a.beta1, a.step))));
    copy(f, w, types);
    return make_kernel(a.decoupled && a.weight_decay != 0 ? "adamw" : "adam", f, elements, on);
}

}  // namespace d1::kernels
