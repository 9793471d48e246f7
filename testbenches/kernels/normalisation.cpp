#include "testbenches/kernels/normalisation.hpp"

#include "testbenches/kernels/basics.hpp"

namespace d1::kernels {

namespace {

using enum numerics::elementwise_operation;
using enum value_shape;
using program::reduction;
using value = formula::value;

using numerics::types::int32;

/// 1 / count, rounded once.
float one_of(std::uint64_t count) {
    return static_cast<float>(1.0 / static_cast<double>(count));
}

/// rstd = 1 / sqrt(sum_of_squares share + epsilon)
void inverse_deviation(formula& f, value rstd, value sum_of_squares, value share, float epsilon) {
    f.apply(multiply, sum_of_squares, sum_of_squares, share);
    f.apply(add, sum_of_squares, sum_of_squares, f.constant(epsilon));
    f.apply(reciprocal_square_root, rstd, sum_of_squares);
}

/// y = ((d rstd) gamma) + beta
void scale_and_shift(formula& f, value y, value d, value rstd, value gamma, value beta) {
    f.apply(multiply, d, d, rstd);
    f.apply(multiply, d, d, gamma);
    f.apply(add, y, d, beta);
}

/// h = (x - mean) rstd
void normalise(formula& f, value h, value x, value mean, value rstd) {
    f.apply(subtract, h, x, mean);
    f.apply(multiply, h, h, rstd);
}

/// e = exp(x - max x); e holds x - max x on the way, which `between` may use.
template <typename Between>
void exponentials(formula& f, value e, value x, Between&& between) {
    const value largest = f.temporary(per_row);
    f.reduce_rows(reduction::maximum, largest, x);
    f.apply(subtract, e, x, largest);
    between();
    f.apply(exponential, e, e);
}

}  // namespace

kernel make_softmax(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value y = f.output("output", types.output);
    const value e = f.temporary();
    const value sum = f.temporary(per_row);
    exponentials(f, e, x, [] {});
    f.reduce_rows(reduction::sum, sum, e);
    f.apply(reciprocal, sum, sum);
    f.apply(multiply, y, e, sum);
    return make_kernel("softmax", f, extent, on);
}

kernel make_softmax_gradient(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value y = f.input("output", types.input);
    const value dy = f.input("d_output", types.input);
    const value dx = f.output("d_input", types.output);
    const value t = f.temporary();
    const value sum = f.temporary(per_row);
    f.apply(multiply, t, y, dy);
    f.reduce_rows(reduction::sum, sum, t);
    f.apply(subtract, t, dy, sum);
    f.apply(multiply, dx, y, t);
    return make_kernel("softmax_gradient", f, extent, on);
}

kernel make_cross_entropy(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value labels = f.input("labels", int32, per_row);
    const value dx = f.output("d_input", types.output);
    const value loss = f.output("loss", fp32, per_row);
    const value mean = f.output("mean_loss", fp32, total);
    const value e = f.temporary();
    const value mask = f.temporary();
    const value chosen = f.temporary();
    const value sum = f.temporary(per_row);
    const value of_label = f.temporary(per_row);
    const value share = f.constant(one_of(extent.rows));
    f.apply(equal, mask, f.column_numbers(), labels);
    exponentials(f, e, x, [&] {
        f.apply(relu_gradient, chosen, mask, e);
        f.reduce_rows(reduction::sum, of_label, chosen);
    });
    f.reduce_rows(reduction::sum, sum, e);
    f.apply(logarithm, loss, sum);
    f.apply(subtract, loss, loss, of_label);
    f.apply(reciprocal, sum, sum);
    f.apply(multiply, e, e, sum);
    f.apply(subtract, e, e, mask);
    f.apply(multiply, dx, e, share);
    f.reduce_columns(reduction::sum, mean, loss);
    f.apply(multiply, mean, mean, share);
    return make_kernel("cross_entropy", f, extent, on);
}

kernel make_layer_norm(const matrix_extent& extent, const row_types& types, float epsilon, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value gamma = f.input("gamma", fp32, per_column);
    const value beta = f.input("beta", fp32, per_column);
    const value y = f.output("output", types.output);
    const value mean = f.output("mean", fp32, per_row);
    const value rstd = f.output("rstd", fp32, per_row);
    const value d = f.temporary();
    const value square = f.temporary();
    const value squares = f.temporary(per_row);
    const value share = f.constant(one_of(extent.columns));
    f.reduce_rows(reduction::sum, mean, x);
    f.apply(multiply, mean, mean, share);
    f.apply(subtract, d, x, mean);
    f.apply(multiply, square, d, d);
    f.reduce_rows(reduction::sum, squares, square);
    inverse_deviation(f, rstd, squares, share, epsilon);
    scale_and_shift(f, y, d, rstd, gamma, beta);
    return make_kernel("layer_norm", f, extent, on);
}

kernel make_layer_norm_gradient(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value dy = f.input("d_output", types.input);
    const value mean = f.input("mean", fp32, per_row);
    const value rstd = f.input("rstd", fp32, per_row);
    const value gamma = f.input("gamma", fp32, per_column);
    const value dx = f.output("d_input", types.output);
    const value dgamma = f.output("dgamma", fp32, reduced);
    const value dbeta = f.output("dbeta", fp32, reduced);
    const value h = f.temporary();
    const value g = f.temporary();
    const value t = f.temporary();
    const value of_g = f.temporary(per_row);
    const value of_gh = f.temporary(per_row);
    const value share = f.constant(one_of(extent.columns));
    normalise(f, h, x, mean, rstd);
    f.apply(multiply, t, dy, h);
    f.reduce_columns(reduction::sum, dgamma, t);
    f.reduce_columns(reduction::sum, dbeta, dy);
    f.apply(multiply, g, dy, gamma);
    f.reduce_rows(reduction::sum, of_g, g);
    f.apply(multiply, of_g, of_g, share);
    f.apply(multiply, t, g, h);
    f.reduce_rows(reduction::sum, of_gh, t);
    f.apply(multiply, of_gh, of_gh, share);
    f.apply(subtract, g, g, of_g);
    f.apply(multiply, h, h, of_gh);
    f.apply(subtract, g, g, h);
    f.apply(multiply, dx, g, rstd);
    return make_kernel("layer_norm_gradient", f, extent, on);
}

kernel make_batch_norm(const matrix_extent& extent, const row_types& types, float epsilon, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value gamma = f.input("gamma", fp32, per_column);
    const value beta = f.input("beta", fp32, per_column);
    const value y = f.output("output", types.output);
    const value mean = f.output("mean", fp32, reduced);
    const value rstd = f.output("rstd", fp32, reduced);
    const value squares = f.temporary(reduced);
    const value everywhere_mean = f.temporary(per_column);
    const value everywhere_rstd = f.temporary(per_column);
    const value d = f.temporary();
    const value share = f.constant(one_of(extent.rows));
    f.reduce_columns(reduction::sum, mean, x);
    f.apply(multiply, mean, mean, share);
    f.broadcast(everywhere_mean, mean);
    f.apply(subtract, d, x, everywhere_mean);
    f.apply(multiply, d, d, d);
    f.reduce_columns(reduction::sum, squares, d);
    inverse_deviation(f, rstd, squares, share, epsilon);
    f.broadcast(everywhere_rstd, rstd);
    f.apply(subtract, d, x, everywhere_mean);
    scale_and_shift(f, y, d, everywhere_rstd, gamma, beta);
    return make_kernel("batch_norm", f, extent, on);
}

kernel make_batch_norm_gradient(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value dy = f.input("d_output", types.input);
    const value mean = f.input("mean", fp32, per_column);
    const value rstd = f.input("rstd", fp32, per_column);
    const value gamma = f.input("gamma", fp32, per_column);
    const value dx = f.output("d_input", types.output);
    const value dgamma = f.output("dgamma", fp32, reduced);
    const value dbeta = f.output("dbeta", fp32, reduced);
    const value of_dy = f.temporary(reduced);
    const value of_dyh = f.temporary(reduced);
    const value everywhere_dy = f.temporary(per_column);
    const value everywhere_dyh = f.temporary(per_column);
    const value h = f.temporary();
    const value t = f.temporary();
    const value share = f.constant(one_of(extent.rows));
    normalise(f, h, x, mean, rstd);
    f.apply(multiply, t, dy, h);
    f.reduce_columns(reduction::sum, dgamma, t);
    f.reduce_columns(reduction::sum, dbeta, dy);
    f.apply(multiply, of_dyh, dgamma, share);
    f.apply(multiply, of_dy, dbeta, share);
    f.broadcast(everywhere_dyh, of_dyh);
    f.broadcast(everywhere_dy, of_dy);
    normalise(f, h, x, mean, rstd);
    f.apply(multiply, h, h, everywhere_dyh);
    f.apply(subtract, t, dy, everywhere_dy);
    f.apply(subtract, t, t, h);
    f.apply(multiply, t, t, gamma);
    f.apply(multiply, dx, t, rstd);
    return make_kernel("batch_norm_gradient", f, extent, on);
}

kernel make_bias(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    const value b = f.input("b", fp32, per_column);
    f.apply(add, f.output("output", types.output), x, b);
    return make_kernel("bias", f, extent, on);
}

kernel make_bias_gradient(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value dy = f.input("d_output", types.input);
    f.reduce_columns(reduction::sum, f.output("db", types.output, reduced), dy);
    return make_kernel("bias_gradient", f, extent, on);
}

kernel make_broadcast(const matrix_extent& extent, const row_types& types, const die& on) {
    formula f;
    const value b = f.input("b", types.input, per_column);
    f.apply(convert, f.output("output", types.output), b);
    return make_kernel("broadcast", f, extent, on);
}

kernel make_reduction(reduction operation, reduction_over over, const matrix_extent& extent, const row_types& types,
                      const die& on) {
    formula f;
    const value x = f.input("input", types.input);
    if (over == reduction_over::rows) {
        f.reduce_rows(operation, f.output("output", types.output, per_row), x);
    } else if (over == reduction_over::columns) {
        f.reduce_columns(operation, f.output("output", types.output, reduced), x);
    } else {
        const value of_rows = f.temporary(per_row);
        f.reduce_rows(operation, of_rows, x);
        f.reduce_columns(operation, f.output("output", types.output, total), of_rows);
    }
    return make_kernel("reduction", f, extent, on);
}

}  // namespace d1::kernels
