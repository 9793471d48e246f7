// The program d1sim.

#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <systemc>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/reporting/banner.hpp"
#include "models/reporting/report_handler.hpp"
#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace {

d1::exit_code run(const std::vector<std::string>& arguments) {
    const d1::command_line line = d1::parse_command_line(arguments);
    if (!line.run) {
        std::cout << line.text << std::flush;
        if (!std::cout) {
            throw d1::input_error("cannot write to the standard output");
        }
        return d1::exit_code::good;
    }
    return d1::run_table(*line.run);
}

}  // namespace

int sc_main(int argc, char* argv[]) {
    d1::reporting::install_report_handler();
    try {
        return static_cast<int>(run(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const d1::input_error& e) {
        std::cerr << "error: " << e.what() << "\n";
        return static_cast<int>(d1::exit_code::bad_input);
    } catch (const std::bad_alloc&) {
        std::cerr << "error: the host has not enough memory for this run; try --functional off or a smaller layer\n";
        return static_cast<int>(d1::exit_code::failed);
    } catch (const std::exception& e) {
        std::cerr << "error: " << e.what() << "\n";
        return static_cast<int>(d1::exit_code::failed);
    }
}

int main(int argc, char* argv[]) {
    d1::reporting::silence_systemc_banner();
    return sc_core::sc_elab_and_sim(argc, argv);  // calls sc_main
}
