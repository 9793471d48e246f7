#include "testbenches/d1sim/layer_step.hpp"

#include <array>

namespace d1 {

namespace {

constexpr std::array<std::string_view, layer_pass_count> pass_names{"forward", "dgrad", "wgrad", "optimizer"};
constexpr std::array<std::string_view, 3> optimizer_names{"none", "sgd", "adamw"};

template <typename Kind, std::size_t count>
std::optional<Kind> find(const std::array<std::string_view, count>& names, std::string_view wanted) {
    for (std::size_t i = 0; i < count; ++i) {
        if (names.at(i) == wanted) return static_cast<Kind>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name(layer_pass pass) {
    return pass_names.at(static_cast<std::size_t>(pass));
}
std::string_view name(optimizer_kind kind) {
    return optimizer_names.at(static_cast<std::size_t>(kind));
}
std::optional<layer_pass> layer_pass_from_name(std::string_view wanted) {
    return find<layer_pass>(pass_names, wanted);
}
std::optional<optimizer_kind> optimizer_kind_from_name(std::string_view wanted) {
    return find<optimizer_kind>(optimizer_names, wanted);
}

gemm_shape layer_step::product() const {
    const auto [m, n, k] = row.gemm;
    if (pass == layer_pass::optimizer) return {.m = k * n, .n = 1, .k = 1};
    if (is_row || pass == layer_pass::forward) return row.gemm;
    return pass == layer_pass::dgrad ? gemm_shape{.m = m, .n = k, .k = n} : gemm_shape{.m = k, .n = n, .k = m};
}

}  // namespace d1
