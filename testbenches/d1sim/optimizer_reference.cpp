#include "testbenches/d1sim/optimizer_reference.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include "models/numerics/counter_random.hpp"

namespace d1 {

namespace {

/// One element's state, and what double precision makes of it.
struct element {
    float g = 0, w = 0, m = 0, v = 0;
    double exact = 0;      ///< of w
    double magnitude = 0;  ///< of the terms of w
};

class judge {
  public:
    judge(optimizer_kind kind, const optimizer_state& before, const optimizer_state& after, numerics::arithmetic rules)
        : kind_(kind), before_(before), after_(after), rules_(rules) {}

    [[nodiscard]] check_result run() {
        const std::size_t size = before_.at("w").size();
        for (const optimizer_state* state : {&before_, &after_}) {
            for (const auto& [name, values] : *state) {
                if (values.size() != size) {
                    throw std::invalid_argument("check_optimizer: tensor " + name + " has another size");
                }
            }
        }
        for (std::size_t i = 0; i < size; ++i) {
            element e{.g = before("g", i), .w = before("w", i), .v = before("v", i)};
            if (kind_ == optimizer_kind::adamw) {
                e.m = before("m", i);
                adamw(e);
                compare("m", i, std::bit_cast<std::uint32_t>(e.m));
            } else {
                sgd(e);
            }
            const auto w = std::bit_cast<std::uint32_t>(e.w);
            compare("v", i, std::bit_cast<std::uint32_t>(e.v));
            compare("w", i, w);
            const std::uint64_t random =
                numerics::counter_random(rules_.rounding_seed, weight_rounding_key, i) >> 48U;  // 16 bits are cut off
            compare("copy", i, static_cast<std::uint32_t>((w + random) >> 16U));
            bound(i, e);
        }
        return found_;
    }

  private:
    [[nodiscard]] float settled(float x) const {
        return rules_.keep_subnormals || std::fabs(x) >= std::numeric_limits<float>::min() ? x : std::copysign(0.0F, x);
    }
    [[nodiscard]] float add(float a, float b) const { return settled(settled(a) + settled(b)); }
    [[nodiscard]] float multiply(float a, float b) const { return settled(settled(a) * settled(b)); }

    [[nodiscard]] float before(const char* tensor, std::size_t i) const {
        return settled(std::bit_cast<float>(before_.at(tensor)[i]));
    }

    void sgd(element& e) const {
        constexpr float momentum = 0.9F;
        constexpr float rate = -0.01F;
        const double exact_v = double{momentum} * e.v + e.g;
        e.exact = e.w + double{rate} * exact_v;
        e.magnitude = std::fabs(e.w) + 0.01 * (std::fabs(e.v) + std::fabs(e.g));
        e.v = add(multiply(e.v, momentum), e.g);
        e.w = add(multiply(e.v, rate), e.w);
    }

    void adamw(element& e) const {
        constexpr auto share1 = static_cast<float>(1 - 0.9);
        constexpr auto share2 = static_cast<float>(1 - 0.999);
        constexpr auto scale = static_cast<float>(1 / (1 - 0.999));
        constexpr auto epsilon = static_cast<float>(1e-8);
        constexpr auto keep = static_cast<float>(1 - 0.001 * 0.01);
        constexpr auto rate = static_cast<float>(-0.001 / (1 - 0.9));
        const double exact_m = 0.9F * double{e.m} + double{share1} * e.g;
        const double exact_v = 0.999F * double{e.v} + double{share2} * e.g * e.g;
        const double root = std::sqrt(exact_v * scale) + double{epsilon};
        e.exact = double{keep} * e.w + rate * exact_m / root;
        e.magnitude = std::fabs(e.w) + 0.01 * (std::fabs(e.m) + std::fabs(e.g)) / root;
        e.m = add(multiply(e.m, 0.9F), multiply(e.g, share1));
        e.v = add(multiply(e.v, 0.999F), multiply(multiply(e.g, e.g), share2));
        const float spread = add(settled(std::sqrt(multiply(e.v, scale))), epsilon);
        e.w = add(multiply(settled(e.m / spread), rate), multiply(e.w, keep));
    }

    void compare(const char* tensor, std::size_t i, std::uint32_t expected) {
        const std::uint32_t is = after_.at(tensor)[i];
        ++found_.results;
        if (is == expected) return;
        ++found_.wrong;
        if (found_.wrong == 1) {
            std::array<char, 120> text{};
            std::snprintf(text.data(), text.size(), "tensor %s, element %zu: the die has 0x%08x, the reference 0x%08x",
                          tensor, i, is, expected);
            found_.first_difference = text.data();
        }
    }

    void bound(std::size_t i, const element& e) {
        const double error = std::fabs(static_cast<double>(std::bit_cast<float>(after_.at("w")[i])) - e.exact);
        const double allowed = 12 * 0x1p-24 * e.magnitude;
        const double ratio = std::isnan(error) ? std::numeric_limits<double>::infinity() : error / allowed;
        ++found_.bounded;
        found_.worst_bound_ratio = std::max(found_.worst_bound_ratio, ratio);
        if (ratio <= 1) return;
        ++found_.outside_bound;
        if (found_.first_difference.empty()) {
            found_.first_difference =
                "tensor w, element " + std::to_string(i) + ": outside the bound of double precision";
        }
    }

    optimizer_kind kind_;
    const optimizer_state& before_;
    const optimizer_state& after_;
    numerics::arithmetic rules_;
    check_result found_;
};

}  // namespace

check_result check_optimizer(optimizer_kind kind, const optimizer_state& before, const optimizer_state& after,
                             numerics::arithmetic rules) {
    return judge(kind, before, after, rules).run();
}

}  // namespace d1
