#include "models/program/program_file.hpp"

#include <algorithm>

namespace d1::program {

std::vector<node_rectangle> rectangles_of(std::vector<coordinate> nodes) {
    std::sort(nodes.begin(), nodes.end(),
              [](coordinate a, coordinate b) { return a.y != b.y ? a.y < b.y : a.x < b.x; });
    std::vector<node_rectangle> rectangles;
    const auto joins_above = [&](const node_rectangle& run) {
        const auto above = std::find_if(rectangles.begin(), rectangles.end(), [&](const node_rectangle& r) {
            return r.last.y == run.first.y - 1 && r.first.x == run.first.x && r.last.x == run.last.x;
        });
        if (above == rectangles.end()) return false;
        above->last.y = run.last.y;
        return true;
    };
    for (auto begin = nodes.begin(); begin != nodes.end();) {
        auto end = begin + 1;
        while (end != nodes.end() && end->y == begin->y && end->x == (end - 1)->x + 1) ++end;
        const node_rectangle run{*begin, *(end - 1)};
        if (!joins_above(run)) rectangles.push_back(run);
        begin = end;
    }
    return rectangles;
}

std::vector<coordinate> nodes_of(const std::vector<node_rectangle>& rectangles) {
    std::vector<coordinate> nodes;
    for (const node_rectangle& r : rectangles) {
        for (std::int32_t y = r.first.y; y <= r.last.y; ++y) {
            for (std::int32_t x = r.first.x; x <= r.last.x; ++x) nodes.push_back({x, y});
        }
    }
    return nodes;
}

}  // namespace d1::program
