#include "testbenches/d1sim/step_kernel.hpp"

#include <utility>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/direct_reference.hpp"
#include "testbenches/d1sim/tensors.hpp"
#include "testbenches/kernels/convolution.hpp"
#include "testbenches/kernels/optimizer.hpp"

namespace d1 {

namespace {

using kernels::gemm;
using kernels::kernel;

using numerics::types::bf16;
constexpr std::uint32_t sign_bit = 0x8000'0000;

/// Streams of random numbers. Rows of gradient tables are layers of their own; the forward pass has the lowest keys.
enum class stream : std::uint64_t { factors = 0, gradient, weights, momentum, variance };
constexpr std::uint64_t key_of(stream which, layer_pass table, std::uint64_t number) {
    return (static_cast<std::uint64_t>(which) << 48U) + (static_cast<std::uint64_t>(table) << 40U) + number;
}

kernel make_direct(const step_work& work, const die& on) {
    const convolution_shape& c = *work.direct;
    constexpr std::uint64_t most = 65535;
    for (const std::uint64_t extent : {c.batch, c.ifmap_height, c.ifmap_width, c.channels, c.filters, c.stride}) {
        if (extent > most) {
            throw input_error(error_class::layer, "every dimension of a direct convolution is at most 65535, not " +
                                                      std::to_string(extent) + "; leave --conv direct out");
        }
    }
    const auto narrow = [](std::uint64_t extent) { return static_cast<std::uint32_t>(extent); };
    const kernels::conv2d_shape shape{.batch = narrow(c.batch),
                                      .height = narrow(c.ifmap_height),
                                      .width = narrow(c.ifmap_width),
                                      .channels = narrow(c.channels),
                                      .filters = narrow(c.filters),
                                      .filter_height = narrow(c.filter_height),
                                      .filter_width = narrow(c.filter_width),
                                      .stride = narrow(c.stride)};
    const kernels::conv2d_types types{work.types.a, work.types.b, work.types.output};
    switch (work.pass) {
        case layer_pass::dgrad:
            return kernels::make_conv2d_input_gradient(shape, types, on);
        case layer_pass::wgrad:
            return kernels::make_conv2d_weight_gradient(shape, types, on);
        default:
            return kernels::make_conv2d(shape, types, on);
    }
}

std::variant<gemm, kernel> make(const step_work& work, const die& on) {
    const kernels::optimizer_types types{.gradient = work.types.output, .key = weight_rounding_key, .copy = bf16};
    if (work.direct) return make_direct(work, on);
    switch (work.optimizer) {
        case optimizer_kind::sgd:
            return kernels::make_sgd({}, work.product.m, types, on);
        case optimizer_kind::adamw:
            return kernels::make_adam({.weight_decay = 0.01}, work.product.m, types, on);
        case optimizer_kind::none:
            break;
    }
    return gemm(work.product, work.types, on);
}

bool has_results(const kernels::tensor& t) {
    return t.use != kernels::tensor_use::input;
}
bool is_loaded(const kernels::tensor& t) {
    return t.use != kernels::tensor_use::output;
}

std::vector<std::string> names(const kernel& k, bool (*wanted)(const kernels::tensor&)) {
    std::vector<std::string> all;
    for (const kernels::tensor& t : k.tensors()) {
        if (wanted(t)) all.push_back(t.name);
    }
    return all;
}

optimizer_state random_state(const layer_step& step, const step_work& work, std::uint64_t seed) {
    const std::size_t size = work.product.m;
    const auto fp32 = [&](stream which) { return random_fp32(size, seed, key_of(which, step.pass, step.number)); };
    optimizer_state state{{"w", fp32(stream::weights)}, {"v", fp32(stream::variance)}};
    if (work.optimizer == optimizer_kind::adamw) {
        state["m"] = fp32(stream::momentum);
        for (std::uint32_t& v : state["v"]) v &= ~sign_bit;  // a mean of squares
    }
    std::vector<std::uint32_t>& g = state["g"] = fp32(stream::gradient);
    if (work.types.output == bf16) {
        for (std::uint32_t& pattern : g) pattern &= 0xFFFF'0000;
    }
    return state;
}

}  // namespace

step_work work_of(layer_pass pass, const gemm_shape& product, const kernels::gemm_types& types,
                  optimizer_kind optimizer, const std::optional<convolution_shape>& direct) {
    if (pass == layer_pass::optimizer) return {product, {types.output, {}, {}}, optimizer};
    step_work work{product, types};
    if (pass == layer_pass::wgrad) work.types.b = types.a;
    if (direct && direct->filter_height * direct->filter_width != 1) {
        work.direct = direct;
        work.pass = pass;
    }
    return work;
}

random_tensor::random_tensor(numerics::element_type type, std::size_t size, std::uint64_t seed, std::uint64_t key)
    : type_(type), codes_(type == d1::bf16 ? random_bf16(size, seed, key) : random_cfloat8(size, seed, key)) {}

std::vector<std::uint16_t> random_tensor::bf16(numerics::arithmetic rules) const {
    return type_ == d1::bf16 ? codes_ : bf16_of_cfloat8(codes_, type_, rules.cfloat_denormals);
}

step_operands::step_operands(const layer_step& step, const step_work& work, std::uint64_t seed) {
    const layer& row = step.row;
    const layer_pass table = step.is_row ? step.pass : layer_pass::forward;
    const auto add = [&](numerics::element_type type, std::size_t size, std::uint64_t key) {
        factors.emplace_back(type, size, seed, key);
    };
    const auto input = [&] {
        add(work.types.a, row.convolution ? row.convolution->input_bytes(1) : row.gemm.m * row.gemm.k,
            key_of(stream::factors, table, 2 * step.number));
    };
    const auto weights = [&] {
        add(work.types.b, row.gemm.k * row.gemm.n, key_of(stream::factors, table, 2 * step.number + 1));
    };
    const auto gradient = [&] {
        add(work.types.a, row.gemm.m * row.gemm.n, key_of(stream::gradient, table, step.number));
    };
    if (step.pass == layer_pass::optimizer) {
        state = random_state(step, work, seed);
    } else if (step.is_row) {
        input();
        weights();
    } else if (step.pass == layer_pass::dgrad) {
        gradient();
        weights();
    } else {
        input();
        gradient();
    }
}

step_kernel::step_kernel(const step_work& work, const die& on) : work_(work), kernel_(make(work, on)) {}

const job& step_kernel::programs() const {
    return std::visit([](const auto& k) -> const job& { return k.programs(); }, kernel_);
}

std::uint64_t step_kernel::estimated_cycles() const {
    const gemm* const product = std::get_if<gemm>(&kernel_);
    return product == nullptr ? 0 : product->plan().estimated_cycles;
}

std::vector<std::string> step_kernel::inputs() const {
    const kernel* const other = this->other();
    return other != nullptr ? names(*other, is_loaded)
                            : std::vector<std::string>{std::string(kernels::gemm_a), std::string(kernels::gemm_b)};
}

std::vector<std::string> step_kernel::outputs() const {
    const kernel* const other = this->other();
    return other != nullptr ? names(*other, has_results) : std::vector<std::string>{std::string(kernels::gemm_c)};
}

void step_kernel::load(die& on, const layer_step& step, const step_operands& data) const {
    if (work_.direct) {
        for (std::size_t i = 0; i < data.factors.size(); ++i) {
            const std::vector<std::uint16_t>& codes = data.factors[i].codes();
            other()->load(on, inputs().at(i), std::vector<std::uint32_t>(codes.begin(), codes.end()));
        }
        return;
    }
    if (const kernel* const optimizer = other()) {
        for (const std::string& name : inputs()) {
            std::vector<std::uint32_t> codes = data.state.at(name);
            if (optimizer->at(name).type == bf16) {
                for (std::uint32_t& code : codes) code >>= 16U;
            }
            optimizer->load(on, name, codes);
        }
        return;
    }
    const std::vector<std::uint16_t>& a = data.factors[0].codes();
    const bool derived = !step.is_row;
    const bool windows = step.row.convolution && (step.is_row || step.pass == layer_pass::wgrad);
    const kernels::gemm_orders orders{
        derived && step.pass == layer_pass::wgrad ? kernels::operand_order::transposed : kernels::operand_order::plain,
        derived && step.pass == layer_pass::dgrad ? kernels::operand_order::transposed : kernels::operand_order::plain};
    std::get<gemm>(kernel_).load(on, windows ? im2col(*step.row.convolution, a) : a, data.factors[1].codes(), orders);
}

check_result step_kernel::check(die& on, const layer_step& step, const step_operands& data) const {
    if (work_.direct) return check_product(other()->read(on, outputs().at(0)), step, data, on.parameters());
    if (const kernel* const optimizer = other()) {
        optimizer_state after;
        for (const std::string& name : outputs()) after[name] = optimizer->read(on, name);
        return check_optimizer(work_.optimizer, data.state, after, on.parameters().arithmetic);
    }
    return check_product(std::get<gemm>(kernel_).read(on), step, data, on.parameters());
}

check_result step_kernel::check_product(const std::vector<std::uint32_t>& result, const layer_step& step,
                                        const step_operands& data, const d1_parameters& parameters) const {
    const numerics::arithmetic& rules = parameters.arithmetic;
    const std::uint64_t seed = parameters.simulation.seed;
    const numerics::element_type output = work_.types.output;
    const std::vector<std::uint16_t> a = data.factors[0].bf16(rules);
    const std::vector<std::uint16_t> b = data.factors[1].bf16(rules);
    const gemm_shape& shape = step.row.gemm;
    const std::optional<convolution_shape>& convolution = step.row.convolution;
    if (work_.direct) {
        const direct_convolution direct{*work_.direct, output, rules, seed};
        return work_.pass == layer_pass::dgrad   ? direct.check_input_gradient(a, b, result)
               : work_.pass == layer_pass::wgrad ? direct.check_weight_gradient(a, b, result)
                                                 : direct.check(a, b, result);
    }
    if (step.is_row) {
        return convolution ? check_convolution(*convolution, a, b, output, rules, result, seed)
                           : check_gemm(shape, a, b, output, rules, result, seed);
    }
    if (step.pass == layer_pass::dgrad) {
        return check_input_gradient(shape, a, b, output, rules, result, seed);
    }
    return convolution ? check_weight_gradient(*convolution, a, b, output, rules, result, seed)
                       : check_weight_gradient(shape, a, b, output, rules, result, seed);
}

}  // namespace d1
