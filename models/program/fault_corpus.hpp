#pragma once
// The faulty programs of models/program/faults, for tests. Each says in its first comments on which rectangle of nodes
// it runs ("nodes: 2x1"), which of them stay idle ("idle: (1, 0)"), what the checker finds first ("finds: race, node
// (1, 0), thread 0, instruction 3"; without a node it is to be found at node (0, 0) or in the program as a whole) and
// how it ends on a die ("run: race").

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/program/assignment.hpp"
#include "models/program/text.hpp"

namespace d1::program::fault_corpus {

struct entry {
    std::string name;
    std::string text;
    program what;
    grid nodes;
    std::vector<coordinate> idle;
    std::string finds;
    std::string run;

    [[nodiscard]] assignment job() const {
        assignment a{nodes, {}};
        a.programs.assign(nodes.size(), &what);
        for (const coordinate c : idle) a.programs[to_number(nodes.index(c))] = nullptr;
        return a;
    }
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
    entry e{.name = file.stem().string(), .text = {}, .what = {}, .nodes = {}, .idle = {}, .finds = {}, .run = {}};
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    e.text = text.str();
    e.what = parse(e.text, file.filename().string());
    char between = 0;
    std::istringstream(value_of(e.text, "nodes")) >> e.nodes.columns >> between >> e.nodes.rows;
    if (std::istringstream idle(value_of(e.text, "idle")); idle >> between) {
        coordinate c;
        idle >> c.x >> between >> c.y;
        e.idle.push_back(c);
    }
    e.finds = value_of(e.text, "finds");
    e.run = value_of(e.text, "run");
    if (between == 0 || e.finds.empty() || e.run.empty()) throw std::runtime_error(e.name + ": incomplete comments");
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
