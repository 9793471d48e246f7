#include "testbenches/d1sim/check_command.hpp"

#include <iostream>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/program_source.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

std::string summary(const program::program_file& programs) {
    std::size_t nodes = 0;
    std::size_t threads = 0;
    std::size_t instructions = 0;
    for (const program::role& r : programs.roles) {
        nodes += program::nodes_of(r.on).size();
        threads += r.body.threads.size();
        for (const auto& t : r.body.threads) {
            instructions += t.size();
        }
    }
    return count_of(programs.roles.size(), "program") + " for " + count_of(nodes, "node") + ", " +
           count_of(threads, "thread") + ", " + count_of(instructions, "instruction");
}

}  // namespace

exit_code check_programs(const check_options& options) {
    bool good = true;
    for (const std::string& file : options.programs) {
        try {
            program_source source = read_programs(file, options.on, options.parameters);
            if (source.faults.empty()) {
                find_faults_of_job(source, options.parameters);
            }
            if (source.faults.empty()) {
                std::cout << one_line(file) << ": good: " << summary(source.programs) << "\n";
                continue;
            }
            std::cerr << source.complaints();
        } catch (const input_error& e) {
            std::cerr << error_line(e.kind(), one_line(e.what())) << "\n";
        }
        good = false;
    }
    std::cout << std::flush;
    if (!std::cout) {
        throw input_error(error_class::file_unwritable, "cannot write to the standard output");
    }
    return good ? exit_code::good : exit_code::bad_input;
}

}  // namespace d1
