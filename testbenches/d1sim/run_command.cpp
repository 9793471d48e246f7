#include "testbenches/d1sim/run_command.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "models/parameter/error.hpp"
#include "models/program/checker.hpp"
#include "models/statistics/json_writer.hpp"
#include "models/statistics/sampler.hpp"
#include "models/statistics/text_writer.hpp"
#include "testbenches/d1sim/emitted_programs.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/progress.hpp"
#include "testbenches/d1sim/statistics_totals.hpp"
#include "testbenches/d1sim/tensors.hpp"
#include "testbenches/kernels/gemm.hpp"

namespace d1 {

namespace {

/// A random tensor: codes of its type, and their values as BF16.
class tensor {
  public:
    tensor(numerics::element_type type, std::size_t size, std::uint64_t seed, std::uint64_t key)
        : type_(type),
          codes_(type.format == numerics::number_format::bf16 ? random_bf16(size, seed, key)
                                                              : random_cfloat8(size, seed, key)) {}

    [[nodiscard]] const std::vector<std::uint16_t>& codes() const noexcept { return codes_; }
    [[nodiscard]] std::vector<std::uint16_t> bf16(numerics::arithmetic rules) const {
        return type_.format == numerics::number_format::bf16 ? codes_
                                                             : bf16_of_cfloat8(codes_, type_, rules.cfloat_denormals);
    }

  private:
    numerics::element_type type_;
    std::vector<std::uint16_t> codes_;
};

/// Operands of a layer: the input (of a convolution, or A itself) and the weights.
struct operands {
    tensor input;
    tensor weights;

    operands(const layer& l, const kernels::gemm_types& types, std::size_t number, std::uint64_t seed)
        : input(types.a, l.convolution ? l.convolution->input_bytes(1) : l.gemm.m * l.gemm.k, seed, 2 * number),
          weights(types.b, l.gemm.k * l.gemm.n, seed, 2 * number + 1) {}
};

class table_runner {
  public:
    explicit table_runner(const run_options& options)
        : options_(options),
          table_(read_topology(options.topology, options.batch)),
          die_("die", options.parameters, options.check ? die_checks::all() : die_checks{}),
          totals_(die_.statistics()) {
        for (const std::string& warning : table_.warnings) {
            std::cerr << "warning: " << warning << "\n";
        }
        if (options.sample_layers) {
            sampler_.emplace(die_.statistics());
        }
        if (!options.emit_programs.empty()) {
            emitted_.emplace(options.emit_programs);
        }
        std::vector<std::string> names;
        for (const layer& l : table_.layers) {
            names.push_back(l.name);
        }
        levels_ = levels_of(names, options.details, options.parameters.simulation.timing);
        plan();
        watch();
    }

    [[nodiscard]] std::size_t layers() const noexcept { return table_.layers.size(); }

    table_result run() {
        if (emitted_) {
            emitted_->create(options_.parameters);
        }
        table_result result;
        result.live_nodes = die_.live_nodes();
        result.routing = die_.routes().statistics();
        for (current_ = 0; current_ < table_.layers.size(); ++current_) {
            layer_result l = run_layer();
            const run_status status = l.run.status;
            result.layers.push_back(std::move(l));
            finished_macs_ += static_cast<double>(table_.layers[current_].gemm.macs());
            if (status != run_status::finished || interrupt_requested()) {
                break;
            }
        }
        bar_.clear();
        result.complete =
            result.layers.size() == table_.layers.size() && result.layers.back().run.status == run_status::finished;
        result.interrupted = interrupt_requested() && !result.complete;
        result.statistics = statistics::to_json(totals_.tree());
        if (options_.statistics) {
            std::ostringstream summary;
            statistics::write_summary(summary, totals_.tree());
            result.summary = summary.str();
        }
        return result;
    }

  private:
    void plan() {
        for (const layer& l : table_.layers) {
            const auto refuse = [&](const std::string& why) {
                throw input_error(error_class::layer, options_.topology + ":" + std::to_string(l.line) + ": layer '" +
                                                          l.name + "': " + why);
            };
            try {
                const auto shape_of = [](const kernels::gemm& p) -> const gemm_shape& { return p.plan().shape; };
                const auto same = std::ranges::find(products_, l.gemm, shape_of);
                products_.push_back(same != products_.end() ? *same : kernels::gemm(l.gemm, options_.types, die_));
            } catch (const input_error& e) {
                refuse(e.what());
            } catch (const std::invalid_argument& e) {  // the program asks for more than a node has
                refuse(std::string(e.what()) +
                       "; the kernel needs larger die.node.core.threads or die.node.sram.semaphores");
            }
            all_macs_ += static_cast<double>(l.gemm.macs());
        }
    }

    /// Watches for Ctrl-C and draws the progress bar while the die runs.
    void watch() {
        constexpr timing::cycle often = 2000;
        die_.events().every(often, [this](timing::cycle now) {
            if (interrupt_requested()) {
                die_.events().request_pause();
            }
            if (bar_.visible()) {
                const double part = std::min(
                    1.0, static_cast<double>(now) / static_cast<double>(products_[current_].plan().estimated_cycles));
                const layer& l = table_.layers[current_];
                bar_.show((finished_macs_ + part * static_cast<double>(l.gemm.macs())) / all_macs_, l.name);
            }
        });
        if (options_.sample_interval != 0) {
            die_.events().every(options_.sample_interval, [this](timing::cycle now) { sampler_->sample(now); });
        }
    }

    layer_result run_layer() {
        const layer& l = table_.layers[current_];
        const kernels::gemm& product = products_[current_];
        layer_result result{
            .layer = l, .timing = levels_[current_], .run = {}, .check = {}, .first_race = {}, .samples = {}};
        die_.reset();
        die_.set_timing(result.timing);
        std::optional<operands> data;
        if (options_.parameters.simulation.functional) {
            data.emplace(l, options_.types, current_, options_.parameters.simulation.seed);
            const std::vector<std::uint16_t>& input = data->input.codes();
            product.load(die_, l.convolution ? im2col(*l.convolution, input) : input, data->weights.codes());
        }
        if (emitted_ && data) {
            emitted_->write_operands(current_, l, product.programs(), die_);
        }
        check_programs_of(product, l);
        die_.launch(product.programs());
        result.run = die_.run();
        if (emitted_) {
            emitted_->write_programs(current_, l, product.programs(), die_, result.run);
        }
        totals_.add();
        if (sampler_) {
            sampler_->sample(l.name);
            result.samples = sampler_->to_json();
            sampler_->reset();
        }
        if (options_.check && result.run.status == run_status::finished) {
            check(result, product, *data);
        }
        return result;
    }

    /// Says what is wrong with a layer's programs before they run: a fault of a kernel.
    void check_programs_of(const kernels::gemm& product, const layer& l) const {
        const node_parameters& node = options_.parameters.die.node;
        const auto found = program::check(
            assignment_of(product.programs()),
            {.node = {node.sram.bytes, node.sram.semaphores, node.core.threads}, .depth = program::check_depth::quick});
        if (!found.empty()) {
            throw input_error(error_class::program_unfit, "layer '" + l.name + "': " + to_string(found.front()));
        }
    }

    void check(layer_result& result, const kernels::gemm& product, const operands& data) {
        const std::uint64_t seed = options_.parameters.simulation.seed;
        const numerics::arithmetic& rules = options_.parameters.arithmetic;
        const std::vector<std::uint32_t> c = product.read(die_);
        const std::vector<std::uint16_t> input = data.input.bf16(rules);
        const std::vector<std::uint16_t> weights = data.weights.bf16(rules);
        const numerics::element_type output = options_.types.output;
        result.check = result.layer.convolution
                           ? check_convolution(*result.layer.convolution, input, weights, output, rules, c, seed)
                           : check_gemm(result.layer.gemm, input, weights, output, rules, c, seed);
        result.races = die_.races()->race_count();
        if (result.races != 0) {
            result.first_race = to_string(die_.races()->races().front());
        }
        result.uninitialised = die_.uninitialised()->count();
        if (result.uninitialised != 0) {
            result.first_uninitialised = to_string(die_.uninitialised()->reads().front());
        }
        if (die_.races()->forgotten_reads() != 0) {
            std::cerr << "warning: layer '" << result.layer.name << "': the race detector had no room for "
                      << die_.races()->forgotten_reads() << " reads; it may have missed a race\n";
        }
    }

    const run_options& options_;
    topology table_;
    die die_;
    statistics_totals totals_;
    std::optional<statistics::sampler> sampler_;
    std::optional<emitted_programs> emitted_;
    std::vector<kernels::gemm> products_;
    std::vector<timing_kind> levels_;
    std::size_t current_ = 0;
    progress bar_;
    double all_macs_ = 0;
    double finished_macs_ = 0;
};

}  // namespace

exit_code exit_code_of(const table_result& table) {
    const auto deadlocked = [](const layer_result& l) { return l.run.status == run_status::deadlock; };
    if (std::any_of(table.layers.begin(), table.layers.end(), deadlocked)) {
        return exit_code::deadlock;
    }
    if (table.interrupted) {
        return exit_code::interrupted;
    }
    const auto good = [](const layer_result& l) { return l.good(); };
    return std::all_of(table.layers.begin(), table.layers.end(), good) ? exit_code::good : exit_code::failed;
}

exit_code run_table(const run_options& options) {
    const auto started = std::chrono::steady_clock::now();
    std::optional<output_file> json;
    if (!options.json.empty()) {
        json.emplace(options.json);
    }
    table_runner runner(options);
    watch_for_interrupts();
    table_result result = runner.run();
    result.host = host_figures_since(started);
    std::cout << text_report(result, options) << std::flush;
    for (const layer_result& l : result.layers) {
        for (const std::string& complaint : complaints(l)) {
            std::cerr << complaint << "\n";
        }
    }
    if (result.interrupted) {
        std::cerr << error_line(error_class::interrupted, "interrupted: " + std::to_string(result.finished_layers()) +
                                                              " of " + std::to_string(runner.layers()) +
                                                              " layers finished")
                  << "\n";
    }
    if (json) {
        json->write(json_report(result, options));
    }
    if (!std::cout) {
        throw input_error(error_class::file_unwritable,
                          "cannot write the report to the standard output; is its disk full or its reader gone?");
    }
    return exit_code_of(result);
}

}  // namespace d1
