#include "testbenches/kernels/formula.hpp"

#include <stdexcept>
#include <utility>

namespace d1::kernels {

formula::value formula::add(tensor_entry entry) {
    const value_shape shape = entry.shape;
    tensors_.push_back(std::move(entry));
    return {shape, true, tensors_.size() - 1};
}
formula::value formula::input(std::string name, numerics::element_type type, value_shape shape) {
    return add({std::move(name), type, tensor_use::input, shape, {}});
}
formula::value formula::output(std::string name, numerics::element_type type, value_shape shape, rounding_key key) {
    return add({std::move(name), type, tensor_use::output, shape, key});
}
formula::value formula::update(std::string name, numerics::element_type type, rounding_key key) {
    return add({std::move(name), type, tensor_use::update, value_shape::matrix, key});
}
formula::value formula::temporary(value_shape shape) {
    temporaries_.push_back(shape);
    return {shape, false, temporaries_.size() - 1};
}
formula::value formula::constant(float number) {
    constants_.push_back(number);
    return {value_shape::constant, false, constants_.size() - 1};
}
formula::value formula::column_numbers() {
    if (!numbers_) numbers_ = temporary(value_shape::per_column);
    return *numbers_;
}

void formula::apply(numerics::elementwise_operation operation, value d, value a, value b, float scalar) {
    steps_.push_back({step::kind::apply, operation, {}, d, a, b, scalar});
}
void formula::reduce_rows(program::reduction operation, value d, value a) {
    steps_.push_back({step::kind::reduce_rows, {}, operation, d, a, {}, 0});
}
void formula::reduce_columns(program::reduction operation, value d, value a) {
    if (program::gives_index(operation)) throw std::invalid_argument("a formula reduces columns to values alone");
    steps_.push_back({step::kind::reduce_columns, {}, operation, d, a, {}, 0});
}
void formula::broadcast(value d, value a) {
    steps_.push_back({step::kind::broadcast, {}, {}, d, a, {}, 0});
}

std::uint32_t column_block(std::uint64_t rows) {
    std::uint32_t block = 1;
    while (std::uint64_t{block} * 1024 < rows) block *= 2;
    return block;
}

}  // namespace d1::kernels
