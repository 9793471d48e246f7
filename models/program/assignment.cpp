#include "models/program/assignment.hpp"

namespace d1::program {

assignment assignment_of(const program_file& file) {
    assignment job{file.nodes, std::vector<const program*>(file.nodes.size())};
    for (const role& r : file.roles) {
        for (const coordinate c : nodes_of(r.on)) job.programs.at(to_number(file.nodes.index(c))) = &r.body;
    }
    return job;
}

}  // namespace d1::program
