// The program d1sim.

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <systemc>
#include <variant>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/reporting/banner.hpp"
#include "models/reporting/report_handler.hpp"
#include "testbenches/d1sim/check_command.hpp"
#include "testbenches/d1sim/exec_command.hpp"
#include "testbenches/d1sim/explain_command.hpp"
#include "testbenches/d1sim/huge_pages.hpp"
#include "testbenches/d1sim/noc_command.hpp"
#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/routes_command.hpp"
#include "testbenches/d1sim/run_command.hpp"
#include "testbenches/d1sim/words.hpp"

namespace {

d1::exit_code carry_out(const d1::printed_text& p) {
    std::cout << p.text << std::flush;
    if (!std::cout) {
        throw d1::input_error(d1::error_class::file_unwritable, "cannot write to the standard output");
    }
    return d1::exit_code::good;
}
d1::exit_code carry_out(const d1::run_options& run) {
    return d1::run_table(run);
}
d1::exit_code carry_out(const d1::exec_options& exec) {
    return d1::exec_programs(exec);
}
d1::exit_code carry_out(const d1::explain_options& explain) {
    return d1::explain_layer(explain);
}
d1::exit_code carry_out(const d1::check_options& check) {
    return d1::check_programs(check);
}
d1::exit_code carry_out(const d1::noc_options& noc) {
    return d1::run_noc(noc);
}
d1::exit_code carry_out(const d1::routes_options& routes) {
    return d1::write_routes(routes);
}

d1::exit_code run(const std::vector<std::string>& arguments) {
    return std::visit([](const auto& asked) { return carry_out(asked); }, d1::parse_command_line(arguments));
}

/// Gives the exit code.
int complain(d1::error_class kind, const std::string& message) {
    std::cerr << d1::error_line(kind, d1::one_line(message)) << "\n";
    return d1::describe(kind).exit_code;
}

}  // namespace

int sc_main(int argc, char* argv[]) {
    d1::reporting::install_report_handler();
    // A write to a closed pipe or beyond a file's size limit shall fail, so that it can be told and cleaned up.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        return static_cast<int>(run(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const d1::input_error& e) {
        return complain(e.kind(), e.what());
    } catch (const std::bad_alloc&) {
        return complain(d1::error_class::out_of_memory,
                        "the host has not enough memory for this run; try --functional off or a smaller layer");
    } catch (const sc_core::sc_report& e) {  // its text was written where it was raised
        return complain(d1::error_class::internal,
                        std::string("the report of '") + e.get_msg_type() + "' ended the run");
    } catch (const std::exception& e) {
        return complain(d1::error_class::internal, e.what());
    }
}

int main(int argc, char* argv[]) {
    d1::prefer_huge_pages();
    d1::reporting::silence_systemc_banner();
    return sc_core::sc_elab_and_sim(argc, argv);  // calls sc_main
}
