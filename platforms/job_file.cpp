#include "platforms/job_file.hpp"

#include <utility>

namespace d1 {

program::program_file file_of(const job& j) {
    program::program_file file{j.where.logical, {}};
    for (const job::role& r : j.roles) {
        if (!r.members.empty()) {
            file.roles.push_back({*r.program, program::rectangles_of(r.members)});
        }
    }
    return file;
}

job job_of(program::program_file file, const die& on) {
    job j{on.place(file.nodes), {}};
    for (program::role& r : file.roles) {
        j.roles.push_back({std::make_shared<const program::program>(std::move(r.body)), program::nodes_of(r.on)});
    }
    return j;
}

}  // namespace d1
