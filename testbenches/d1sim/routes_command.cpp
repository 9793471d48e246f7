#include "testbenches/d1sim/routes_command.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>

#include "models/noc/mesh_routing.hpp"
#include "models/noc/routing_file.hpp"
#include "models/parameter/error.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

exit_code write_routes(const routes_options& options) {
    output_file file(options.file);
    const d1_parameters& p = options.parameters;
    const noc::mesh_routing routing(p.die.noc, faults_of(p.die.harvest), p.simulation.seed);
    if (routing.planes() != 1 || routing.adaptive()) {
        throw input_error(error_class::option_conflict,
                          "--routes: with die.noc.routing = " + std::string(routing.traits().name) +
                              " a pair of nodes has several paths, which no table holds; set xy, yx or table");
    }
    std::ostringstream text;
    noc::write_routes(text, routing.table());
    file.write(text.str());
    const std::string written = text.str();
    std::cout << one_line(options.file) << ": the paths of " << routing.traits().name << ", "
              << std::count(written.begin(), written.end(), '\n') << " lines\n"
              << std::flush;
    return exit_code::good;
}

}  // namespace d1
