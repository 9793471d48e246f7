#pragma once
// The faulty programs of models/program/faults, for tests. Each says in its first comments what the checker finds
// ("finds: race, node (1, 0), thread 0, instruction 3"; without a node it is to be found at node (0, 0) or in the
// program as a whole) and how it ends on a die ("run: race").

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/program/program_file.hpp"

namespace d1::program::fault_corpus {

struct entry {
    std::string name;
    program_file programs;
    std::string finds;
    std::string run;
};

/// What stands behind "# key: " in a line of its own; empty where there is none.
inline std::string value_of(const std::string& text, const std::string& key) {
    std::istringstream lines(text);
    const std::string begin = "# " + key + ": ";
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(begin)) return line.substr(begin.size());
    }
    return {};
}

inline entry read(const std::filesystem::path& file) {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    const std::string text = content.str();
    entry e{.name = file.stem().string(),
            .programs = parse_file(text, file.filename().string()),
            .finds = value_of(text, "finds"),
            .run = value_of(text, "run")};
    if (e.programs.nodes.size() == 0) {  // one program that does not say where it runs
        e.programs.nodes = {1, 1};
        e.programs.roles[0].on = {node_rectangle{}};
    }
    if (e.finds.empty() || e.run.empty()) throw std::runtime_error(e.name + ": incomplete comments");
    return e;
}

/// All, by name.
inline std::vector<entry> all() {
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(D1_PROGRAM_FAULTS)) files.push_back(file.path());
    std::sort(files.begin(), files.end());
    std::vector<entry> entries;
    for (const auto& file : files) entries.push_back(read(file));
    return entries;
}

}  // namespace d1::program::fault_corpus
