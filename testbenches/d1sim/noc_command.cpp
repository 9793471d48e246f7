#include "testbenches/d1sim/noc_command.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>

#include "models/noc/routing_traits.hpp"
#include "models/parameter/error.hpp"
#include "testbenches/d1sim/host_figures.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/level_comparison.hpp"
#include "testbenches/d1sim/noc_report.hpp"
#include "testbenches/d1sim/noc_sweep.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

/// Says on the standard error what is wrong with a result, and gives the exit code.
exit_code judge(const noc_result& result, const noc_options& options) {
    if (!result.waits.empty()) {
        std::cerr << error_line(error_class::deadlock, "no packet has moved for " +
                                                           std::to_string(options.parameters.simulation.watchdog) +
                                                           " cycles (simulation.watchdog), while these wait:")
                  << "\n";
        for (const std::string& line : result.waits) {
            std::cerr << "  " << line << "\n";
        }
        return exit_code::deadlock;
    }
    if (!result.complete) {
        std::cerr << error_line(error_class::interrupted, "interrupted: the points so far are reported") << "\n";
        return exit_code::interrupted;
    }
    if (!result.conserved) {
        std::cerr << error_line(error_class::internal, "packets were lost: not as many arrived as were created")
                  << "\n";
        return exit_code::failed;
    }
    const bool in_order = traits_of(options.parameters.die.noc.routing).in_order;
    const bool overtaken = std::any_of(result.points.begin(), result.points.end(),
                                       [](const noc_point& p) { return p.found.out_of_order != 0; });
    if (options.check && in_order && overtaken) {
        std::cerr << error_line(error_class::check_failed, "bursts overtook others, and the routing promises order")
                  << "\n";
        return exit_code::failed;
    }
    return exit_code::good;
}

/// Compares the levels, with a line a row. Gives the report without `host`.
exit_code compare(const noc_options& options, boost::json::object& report, std::string& csv) {
    const comparison_options wanted{options.parameters, *options.compare, options.measured};
    std::cout << comparison_heading() << std::flush;
    const level_comparison found =
        compare_levels(wanted, [](const compared_cycles& row) { std::cout << comparison_line(row) << std::flush; });
    report = comparison_json(wanted, found);
    csv = comparison_csv(found);
    for (const comparison_failure& f : found.failures) {
        std::cerr << error_line(error_class::check_failed, f.what + " did not finish: " + one_line(f.why)) << "\n";
    }
    if (!found.complete) {
        std::cerr << error_line(error_class::interrupted, "interrupted: the rows so far are reported") << "\n";
        return exit_code::interrupted;
    }
    const auto beyond =
        std::count_if(found.rows.begin(), found.rows.end(), [](const compared_cycles& row) { return !row.holds(); });
    if (options.check && beyond != 0) {
        std::cerr << error_line(error_class::check_failed,
                                count_of(static_cast<std::uint64_t>(beyond), "row") + " beyond the bound of the error")
                  << "\n";
    }
    return !found.failures.empty() || (options.check && beyond != 0) ? exit_code::failed : exit_code::good;
}

/// Runs the points, with a line each. Gives the report without `host`.
exit_code sweep(const noc_options& options, boost::json::object& report, std::string& csv) {
    noc_sweep points(options);
    const noc_result result =
        points.run([&](const noc_result& r) { std::cout << noc_heading(options, r) << std::flush; },
                   [&](const noc_point& p) { std::cout << noc_line(options, p) << std::flush; });
    std::cout << noc_end(options, result);
    report = noc_json(options, result);
    csv = noc_csv(options, result);
    return judge(result, options);
}

}  // namespace

exit_code run_noc(const noc_options& options) {
    const auto started = std::chrono::steady_clock::now();
    std::optional<output_file> json;
    std::optional<output_file> csv;
    if (!options.json.empty()) {
        json.emplace(options.json);
    }
    if (!options.csv.empty()) {
        csv.emplace(options.csv);
    }
    watch_for_interrupts();
    boost::json::object report;
    std::string table;
    const exit_code code = options.compare ? compare(options, report, table) : sweep(options, report, table);
    if (json) {
        const host_figures host = host_figures_since(started);
        report["host"] = {{"seconds", host.seconds}, {"peak_memory_bytes", host.peak_memory_bytes}};
        json->write(boost::json::serialize(report) + "\n");
    }
    if (csv) {
        csv->write(table);
    }
    if (!std::cout) {
        throw input_error(error_class::file_unwritable,
                          "cannot write the report to the standard output; is its disk full or its reader gone?");
    }
    return code;
}

}  // namespace d1
