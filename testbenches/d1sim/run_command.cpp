#include "testbenches/d1sim/run_command.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
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
#include "testbenches/d1sim/step_kernel.hpp"
#include "testbenches/d1sim/step_list.hpp"

namespace d1 {

namespace {

class table_runner {
  public:
    explicit table_runner(const run_options& options)
        : options_(options),
          list_(read_steps(options)),
          die_("die", options.parameters, options.check ? die_checks::all() : die_checks{}) {
        for (const std::string& warning : list_.warnings) {
            std::cerr << "warning: " << warning << "\n";
        }
        if (options.statistics || !options.json.empty()) {
            totals_.emplace(die_.statistics());
        }
        if (options.sample_layers) {
            sampler_.emplace(die_.statistics());
        }
        if (!options.emit_programs.empty()) {
            emitted_.emplace(options.emit_programs);
        }
        std::vector<std::string> names;
        for (const layer_step& s : list_.steps) {
            names.push_back(s.row.name);
        }
        levels_ = levels_of(names, options.details, options.parameters.simulation.timing);
        plan();
        watch();
    }

    [[nodiscard]] std::size_t steps() const noexcept { return list_.steps.size(); }

    table_result run() {
        if (emitted_) {
            emitted_->create(options_.parameters);
        }
        table_result result;
        result.live_nodes = die_.live_nodes();
        result.routing = die_.routes().statistics();
        for (current_ = 0; current_ < steps(); ++current_) {
            const std::optional<std::size_t> equal = equal_layer(result.layers);
            layer_result l = equal ? result_of_equal(result.layers[*equal]) : run_layer();
            count(equal);
            const run_status status = l.run.status;
            result.layers.push_back(std::move(l));
            finished_work_ += size_of(list_.steps[current_]);
            if (status != run_status::finished || interrupt_requested()) {
                break;
            }
        }
        bar_.clear();
        result.complete = result.layers.size() == steps() && result.layers.back().run.status == run_status::finished;
        result.interrupted = interrupt_requested() && !result.complete;
        if (totals_) {
            result.statistics = statistics::to_json(totals_->tree());
        }
        if (options_.statistics) {
            std::ostringstream summary;
            statistics::write_summary(summary, totals_->tree());
            result.summary = summary.str();
        }
        return result;
    }

  private:
    /// Adds up what the present step has counted, or an `equal` one before it.
    void count(std::optional<std::size_t> equal) {
        if (!totals_) {
            return;
        }
        if (!equal) {
            counters_[current_] = totals_->present();
        }
        totals_->add(counters_.at(equal.value_or(current_)));
    }

    void plan() {
        for (const layer_step& s : list_.steps) {
            const auto refuse = [&](const std::string& why) {
                const std::string& table = s.is_row && s.pass == layer_pass::dgrad   ? options_.gradients[0]
                                           : s.is_row && s.pass == layer_pass::wgrad ? options_.gradients[1]
                                                                                     : options_.topology;
                const std::string pass = s.pass == layer_pass::forward ? "" : ", " + std::string(name(s.pass));
                throw input_error(error_class::layer, table + ":" + std::to_string(s.row.line) + ": layer '" +
                                                          s.row.name + "'" + pass + ": " + why);
            };
            try {
                const bool is_direct = options_.direct_convolutions && (s.pass == layer_pass::forward || !s.is_row);
                const step_work work = work_of(s.pass, s.product(), options_.types, options_.optimizer,
                                               is_direct ? s.row.convolution : std::nullopt);
                const auto same = std::ranges::find(kernels_, work, &step_kernel::work);
                kernels_.push_back(same != kernels_.end() ? *same : step_kernel(work, die_));
            } catch (const input_error& e) {
                refuse(e.what());
            } catch (const std::invalid_argument& e) {  // the program asks for more than a node has
                refuse(std::string(e.what()) +
                       "; the kernel needs larger die.node.core.threads or die.node.sram.semaphores");
            }
            all_work_ += size_of(s);
        }
    }

    /// The earlier layer whose figures the present step has without running: equal work at the same level is equal to
    /// the last cycle where no payloads move. None where more is wanted of a step than its figures.
    [[nodiscard]] std::optional<std::size_t> equal_layer(const std::vector<layer_result>& layers) const {
        if (options_.parameters.simulation.functional || sampler_ || emitted_) {
            return std::nullopt;
        }
        const auto equal = std::ranges::find_if(layers, [this](const layer_result& l) {
            return l.work == kernels_[current_].work() && l.timing == levels_[current_];
        });
        return equal == layers.end() ? std::nullopt : std::optional(static_cast<std::size_t>(equal - layers.begin()));
    }

    layer_result result_of_equal(const layer_result& equal) const {
        layer_result result = equal;
        result.step = list_.steps[current_];
        result.is_as_before = true;
        return result;
    }

    /// How long a step takes, about, in relation to others.
    static double size_of(const layer_step& s) {
        return static_cast<double>(s.pass == layer_pass::optimizer ? s.product().m : s.macs());
    }

    /// Watches for Ctrl-C and draws the progress bar while the die runs.
    void watch() {
        constexpr timing::cycle often = 2000;
        die_.events().every(often, [this](timing::cycle now) {
            if (interrupt_requested()) {
                die_.events().request_pause();
            }
            if (bar_.visible()) {
                const std::uint64_t expected = kernels_[current_].estimated_cycles();
                const double part =
                    expected == 0 ? 0 : std::min(1.0, static_cast<double>(now) / static_cast<double>(expected));
                const layer_step& s = list_.steps[current_];
                bar_.show((finished_work_ + part * size_of(s)) / all_work_, s.row.name);
            }
        });
        if (options_.sample_interval != 0) {
            die_.events().every(options_.sample_interval, [this](timing::cycle now) { sampler_->sample(now); });
        }
    }

    layer_result run_layer() {
        const layer_step& step = list_.steps[current_];
        const step_kernel& kernel = kernels_[current_];
        layer_result result{.step = step,
                            .work = kernel.work(),
                            .timing = levels_[current_],
                            .run = {},
                            .check = {},
                            .first_race = {},
                            .samples = {}};
        die_.reset();
        die_.set_timing(result.timing);
        std::optional<step_operands> data;
        if (options_.parameters.simulation.functional) {
            data.emplace(step, kernel.work(), options_.parameters.simulation.seed);
            kernel.load(die_, step, *data);
        }
        if (emitted_ && data) {
            emitted_->write_operands(current_, step, kernel, die_);
        }
        check_programs_of(kernel, step);
        die_.launch(kernel.programs());
        result.run = die_.run();
        if (emitted_) {
            emitted_->write_programs(current_, step, kernel, die_, result.run);
        }
        if (sampler_) {
            sampler_->sample(step.row.name);
            result.samples = sampler_->to_json();
            sampler_->reset();
        }
        if (options_.check && result.run.status == run_status::finished) {
            result.check = kernel.check(die_, step, *data);
            judge_memory(result);
        }
        return result;
    }

    /// Says what is wrong with a step's programs before they run: a fault of a kernel.
    void check_programs_of(const step_kernel& kernel, const layer_step& step) const {
        const node_parameters& node = options_.parameters.die.node;
        const auto found = program::check(
            assignment_of(kernel.programs()),
            {.node = {node.sram.bytes, node.sram.semaphores, node.core.threads}, .depth = program::check_depth::quick});
        if (!found.empty()) {
            throw input_error(error_class::program_unfit, "layer '" + step.row.name + "': " + to_string(found.front()));
        }
    }

    /// Races, and reads of what nobody wrote.
    void judge_memory(layer_result& result) {
        result.races = die_.races()->race_count();
        if (result.races != 0) {
            result.first_race = to_string(die_.races()->races().front());
        }
        result.uninitialised = die_.uninitialised()->count();
        if (result.uninitialised != 0) {
            result.first_uninitialised = to_string(die_.uninitialised()->reads().front());
        }
        if (die_.races()->forgotten_reads() != 0) {
            std::cerr << "warning: layer '" << result.step.row.name << "': the race detector had no room for "
                      << die_.races()->forgotten_reads() << " reads; it may have missed a race\n";
        }
    }

    const run_options& options_;
    step_list list_;
    die die_;
    std::optional<statistics_totals> totals_;  // where somebody asks for them
    std::optional<statistics::sampler> sampler_;
    std::optional<emitted_programs> emitted_;
    std::vector<step_kernel> kernels_;
    std::vector<timing_kind> levels_;
    std::map<std::size_t, std::vector<std::uint64_t>> counters_;  // statistics of the steps that ran
    std::size_t current_ = 0;
    progress bar_;
    double all_work_ = 0;
    double finished_work_ = 0;
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
                                                              " of " + std::to_string(runner.steps()) +
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
