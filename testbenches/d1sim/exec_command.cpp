#include "testbenches/d1sim/exec_command.hpp"

#include <deque>
#include <iostream>
#include <sstream>

#include "models/parameter/error.hpp"
#include "models/statistics/json_writer.hpp"
#include "models/statistics/text_writer.hpp"
#include "platforms/job_file.hpp"
#include "testbenches/d1sim/exec_result.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/npy.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/program_source.hpp"
#include "testbenches/d1sim/symbols.hpp"

namespace d1 {

namespace {

/// A buffer to be dumped; whether its file can be written is known from the start.
struct dump_target {
    symbol buffer;
    std::string name;
    output_file file;

    dump_target(symbol s, const std::string& target) : buffer(std::move(s)), name(target), file(target) {}
};

symbol find_symbol(const std::string& option, const program::program_file& programs, const symbol_file& wanted) {
    try {
        return {programs, wanted.symbol};
    } catch (const input_error& e) {
        throw input_error(e.kind(), "--" + option + " " + wanted.symbol + "=" + wanted.file + ": " + e.what());
    }
}

class program_runner {
  public:
    program_runner(const exec_options& options, program::program_file programs)
        : options_(options), die_("die", options.parameters, options.check ? die_checks::all() : die_checks{}) {
        result_.nodes = programs.nodes;
        result_.live_nodes = die_.live_nodes();
        for (const program::role& r : programs.roles) {
            result_.names.push_back(r.body.name);
        }
        for (const symbol_file& d : options.dumps) {
            dumps_.emplace_back(find_symbol("dump", programs, d), d.file);
            if (!options.parameters.simulation.functional && !dumps_.back().buffer.is_index()) {
                throw input_error(error_class::option_conflict,
                                  "--dump " + d.symbol +
                                      ": nothing is computed with --functional off; leave one of "
                                      "them out");
            }
        }
        std::vector<symbol> loaded;
        for (const symbol_file& l : options.loads) {
            loaded.push_back(find_symbol("load", programs, l));
        }
        job_ = job_of(std::move(programs), die_);
        for (std::size_t i = 0; i < loaded.size(); ++i) {
            loaded[i].load(die_, job_.where, read_npy(options.loads[i].file), options.loads[i].file);
        }
        for (const job::role& r : job_.roles) {
            result_.members += r.members.size();
        }
        constexpr timing::cycle often = 2000;
        die_.events().every(often, [this](timing::cycle) {
            if (interrupt_requested()) {
                die_.events().request_pause();
            }
        });
    }

    exec_result run() {
        die_.launch(job_);
        result_.run = die_.run();
        if (die_.races() != nullptr) {
            name_races();
        }
        if (die_.uninitialised() != nullptr) {
            result_.uninitialised = die_.uninitialised()->count();
            for (const uninitialised_read& r : die_.uninitialised()->reads()) {
                result_.uninitialised_texts.push_back(to_string(r));
            }
        }
        if (result_.finished()) {
            for (dump_target& d : dumps_) {
                const npy_array array = d.buffer.read(die_, job_.where);
                d.file.write(npy_text(array));
                result_.dumps.push_back(d.buffer.name() + " to " + d.name + ": " + array.type_name() + " " +
                                        to_string(array.shape));
            }
        }
        result_.statistics = statistics::to_json(die_.statistics());
        if (options_.statistics) {
            std::ostringstream summary;
            statistics::write_summary(summary, die_.statistics());
            result_.summary = summary.str();
        }
        return std::move(result_);
    }

  private:
    void name_races() {
        constexpr std::size_t named = 10;
        const race_detector& races = *die_.races();
        result_.races = races.race_count();
        result_.forgotten_reads = races.forgotten_reads();
        for (const race& r : races.races()) {
            if (result_.race_texts.size() < named) {
                result_.race_texts.push_back(describe(r, job_));
            }
        }
    }

    const exec_options& options_;
    die die_;
    job job_;
    std::deque<dump_target> dumps_;
    exec_result result_;
};

}  // namespace

exit_code exec_programs(const exec_options& options) {
    const auto started = std::chrono::steady_clock::now();
    program_source source = read_programs(options.program, options.on, options.parameters);
    if (!source.faults.empty()) {
        std::cerr << source.complaints();
        return exit_code::bad_input;
    }
    std::optional<output_file> json;
    if (!options.json.empty()) {
        json.emplace(options.json);
    }
    program_runner runner(options, std::move(source.programs));
    watch_for_interrupts();
    exec_result result = runner.run();
    result.host = host_figures_since(started);
    std::cout << text_report(result, options) << std::flush;
    for (const std::string& complaint : complaints(result)) {
        std::cerr << complaint << "\n";
    }
    if (result.forgotten_reads != 0) {
        std::cerr << "warning: the race detector had no room for " << result.forgotten_reads
                  << " reads; it may have missed a race\n";
    }
    if (result.run.status == run_status::interrupted) {
        std::cerr << error_line(error_class::interrupted, "interrupted at cycle " + std::to_string(result.run.cycles))
                  << "\n";
    }
    if (json) {
        json->write(json_report(result, options));
    }
    if (!std::cout) {
        throw input_error(error_class::file_unwritable,
                          "cannot write the report to the standard output; is its disk full or its reader gone?");
    }
    return result.code();
}

}  // namespace d1
