#include "models/noc/routing_file.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <ostream>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

constexpr std::array<std::string_view, port_count> port_names{"west", "east", "north", "south", "local"};
constexpr std::uint32_t every_input = (1U << port_count) - 1;
constexpr std::int32_t no_end = std::numeric_limits<std::int32_t>::max();
/// Lines times the routers that they are for: more than a table with a line for every packet has on any mesh in use.
constexpr std::size_t most_entries = 1U << 24U;

std::optional<port> port_of(std::string_view name) {
    const auto found = std::find(port_names.begin(), port_names.end(), name);
    return found == port_names.end() ? std::nullopt : std::optional(static_cast<port>(found - port_names.begin()));
}

/// What stands before the separator; the text goes on behind it.
std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

std::vector<std::string_view> words_of(std::string_view line) {
    line = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    constexpr std::string_view blanks = " \t\r";
    for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;
         at = line.find_first_not_of(blanks, at)) {
        const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

std::optional<std::int32_t> number_of(std::string_view text) {
    std::int32_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc() && rest == text.data() + text.size() && number >= 0;
    return good ? std::optional(number) : std::nullopt;
}

std::string shown(std::string_view text) {
    constexpr std::size_t longest = 40;
    return std::string("'").append(text.substr(0, longest)).append(text.size() > longest ? "...'" : "'");
}

std::string place(coordinate c) {
    return std::to_string(c.x) + "," + std::to_string(c.y);
}

}  // namespace

bool routing_file::range::holds(std::int32_t value, std::int32_t router) const noexcept {
    switch (kind) {
        case relation::between:
            return value >= first && value <= last;
        case relation::less:
            return value < router;
        case relation::equal:
            return value == router;
        case relation::greater:
            return value > router;
    }
    return false;
}

routing_file::routing_file(std::string_view text, std::string name) : name_(std::move(name)) {
    if (text.size() > longest_text) {
        throw input_error(error_class::routing,
                          name_ + ": longer than " + std::to_string(longest_text) + " bytes; is this a route table?");
    }
    std::uint32_t line = 0;
    bool begun = false;
    while (!text.empty()) {
        ++line;
        const std::vector<std::string_view> words = words_of(take_until(text, '\n'));
        if (words.empty()) {
            continue;
        }
        if (!begun && (words.size() != 2 || words[0] != "d1routes" || words[1] != "1")) {
            refuse(line, "a route table begins with the line 'd1routes 1', not with " + shown(words[0]));
        }
        if (begun) {
            read_line(words, line);
        }
        begun = true;
    }
    if (!begun) {
        throw input_error(error_class::routing,
                          name_ + ": holds no route table; one begins with the line 'd1routes 1'");
    }
}

routing_file routing_file::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(longest_text + 1, '\0');  // one more, so that a longer file is seen to be longer
    if (in) {
        in.read(text.data(), static_cast<std::streamsize>(text.size()));
    }
    if (!in.is_open() || in.bad() || in.gcount() == 0) {
        throw input_error(error_class::file_unreadable,
                          path + ": cannot be read; die.noc.routing_table names the file of a route table");
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    return {text, path};
}

void routing_file::refuse(std::uint32_t line, const std::string& what) const {
    throw input_error(error_class::routing, name_ + ":" + std::to_string(line) + ": " + what);
}

void routing_file::read_line(const std::vector<std::string_view>& words, std::uint32_t line) {
    if (words[0] == "mesh" && words.size() == 3 && rules_.empty() && !shape_) {
        const auto columns = number_of(words[1]);
        const auto rows = number_of(words[2]);
        if (!columns || !rows) {
            refuse(line, "a mesh has two numbers, columns and rows, as in 'mesh 18 20'");
        }
        shape_ = grid{*columns, *rows};
        return;
    }
    if (words.size() != 4) {
        refuse(line, "must be ROUTER INPUT DESTINATION OUTPUT, as in '3,4 any 5-17,* east', not " +
                         std::to_string(words.size()) + (words.size() == 1 ? " word" : " words"));
    }
    const std::optional<port> out = port_of(words[3]);
    if (!out || *out == port::local) {
        refuse(line, "output " + shown(words[3]) + ": must be west, east, north or south");
    }
    rules_.push_back(
        {read_area(words[0], false, line), read_inputs(words[1], line), read_area(words[2], true, line), *out, line});
}

std::optional<routing_file::range> routing_file::read_range(std::string_view text, bool relative) const {
    using relation = range::relation;
    if (text == "*") {
        return range{relation::between, 0, no_end};
    }
    if (relative && (text == "<" || text == "=" || text == ">")) {
        return range{text == "<" ? relation::less : text == "=" ? relation::equal : relation::greater};
    }
    const bool single = text.find('-') == std::string_view::npos;
    const auto first = number_of(take_until(text, '-'));
    const auto last = single ? first : number_of(text);
    if (!first || !last || *last < *first) {
        return std::nullopt;
    }
    return range{relation::between, *first, *last};
}

routing_file::area routing_file::read_area(std::string_view text, bool relative, std::uint32_t line) const {
    const std::string_view whole = text;
    const auto x = read_range(take_until(text, ','), relative);
    const auto y = read_range(text, relative);
    if (!x || !y) {
        refuse(line, std::string(relative ? "destination " : "router ") + shown(whole) +
                         ": must be COLUMN,ROW, each a number, a range such as 0-5, or *" +
                         (relative ? ", or <, = or > for those before, at or behind the router's own" : ""));
    }
    return {*x, *y};
}

std::uint32_t routing_file::read_inputs(std::string_view text, std::uint32_t line) const {
    if (text == "any") {
        return every_input;
    }
    std::uint32_t inputs = 0;
    for (std::string_view left = text; !left.empty();) {
        const std::optional<port> in = port_of(take_until(left, ','));
        if (!in) {
            refuse(line, "input " + shown(text) +
                             ": must be any, or some of west, east, north, south and local with commas between");
        }
        inputs |= 1U << to_number(*in);
    }
    return inputs;
}

void routing_file::require_inside(grid shape) const {
    if (shape_ && *shape_ != shape) {
        throw input_error(error_class::routing, name_ + ": is for a mesh of " + std::to_string(shape_->columns) +
                                                    " x " + std::to_string(shape_->rows) + ", and this one has " +
                                                    std::to_string(shape.columns) + " x " + std::to_string(shape.rows));
    }
    const auto inside = [](const range& r, std::int32_t size) {
        return r.kind != range::relation::between || r.last == no_end || r.last < size;
    };
    for (const rule& r : rules_) {
        for (const area& a : {r.routers, r.destinations}) {
            if (!inside(a.x, shape.columns) || !inside(a.y, shape.rows)) {
                refuse(r.line, "names places outside of the mesh of " + std::to_string(shape.columns) + " x " +
                                   std::to_string(shape.rows));
            }
        }
    }
}

route_table routing_file::table(grid shape, const mesh_faults& faults) const {
    require_inside(shape);
    const live_mesh valid(shape, faults);  // before anything is made of its size
    std::vector<std::vector<const rule*>> by_router(shape.size());
    std::size_t entries = 0;
    for (const rule& r : rules_) {
        for (std::int32_t y = r.routers.y.first; y <= std::min(r.routers.y.last, shape.rows - 1); ++y) {
            for (std::int32_t x = r.routers.x.first; x <= std::min(r.routers.x.last, shape.columns - 1); ++x) {
                by_router[to_number(shape.index({x, y}))].push_back(&r);
                if (++entries > most_entries) {
                    refuse(r.line, "one line too many: the lines up to here are for more than " +
                                       std::to_string(most_entries) + " routers together");
                }
            }
        }
    }
    const auto find = [&](coordinate here, port input, coordinate destination) -> const rule* {
        const auto& lines = by_router[to_number(shape.index(here))];
        const auto found = std::find_if(lines.rbegin(), lines.rend(), [&](const rule* r) {
            return (r->inputs >> to_number(input) & 1U) != 0 && r->destinations.x.holds(destination.x, here.x) &&
                   r->destinations.y.holds(destination.y, here.y);
        });
        return found == lines.rend() ? nullptr : *found;
    };
    const auto next = [&](coordinate here, port input, coordinate destination) {
        const rule* const r = find(here, input, destination);
        return r != nullptr ? r->out : route_table::no_port;
    };
    const auto origin = [&](coordinate here, port input, coordinate destination) {
        const rule* const r = find(here, input, destination);
        return r != nullptr ? name_ + ":" + std::to_string(r->line)
                            : "no line of " + name_ + " is for router " + place(here) + ", input " +
                                  std::string(port_names[to_number(input)]) + ", destination " + place(destination);
    };
    return {shape, faults, next, {.origin = origin}};
}

// ---------------------------------------------------------------------------------------------------- writing

namespace {

/// The outputs by destination that some inputs of a router share; no_port where it does not matter.
struct shared_outputs {
    std::uint32_t inputs = 0;
    std::vector<port> out;

    [[nodiscard]] bool takes(std::span<const port> more) const {
        for (std::size_t d = 0; d < out.size(); ++d) {
            if (out[d] != route_table::no_port && more[d] != route_table::no_port && out[d] != more[d]) {
                return false;
            }
        }
        return true;
    }
    void add(std::uint32_t input, std::span<const port> more) {
        inputs |= 1U << input;
        for (std::size_t d = 0; d < out.size(); ++d) {
            out[d] = more[d] != route_table::no_port ? more[d] : out[d];
        }
    }
};

std::string range_text(std::int32_t first, std::int32_t last, std::int32_t size) {
    if (first == 0 && last == size - 1) {
        return "*";
    }
    return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

std::string inputs_text(std::uint32_t inputs, bool only) {
    if (only) {
        return "any";
    }
    std::string text;
    for (std::uint32_t p = 0; p < port_count; ++p) {
        if ((inputs >> p & 1U) != 0) {
            text.append(text.empty() ? "" : ",").append(port_names[p]);
        }
    }
    return text;
}

/// Covers the destinations with rectangles of one output each.
void write_rectangles(std::ostream& out, grid g, const std::string& head, std::vector<port> outputs) {
    const auto at = [&](std::int32_t x, std::int32_t y) -> port& { return outputs[to_number(g.index({x, y}))]; };
    const std::vector<port> wanted = outputs;
    const auto fits = [&](std::int32_t x, std::int32_t y, port p) {
        const port there = wanted[to_number(g.index({x, y}))];
        return there == p || there == route_table::no_port;
    };
    for (std::int32_t y = 0; y < g.rows; ++y) {
        for (std::int32_t x = 0; x < g.columns; ++x) {
            const port p = at(x, y);
            if (p == route_table::no_port) {
                continue;
            }
            std::int32_t right = x;
            while (right + 1 < g.columns && fits(right + 1, y, p)) {
                ++right;
            }
            std::int32_t left = x;  // to the whole row's beginning, where nobody minds: then it can be '*'
            while (left > 0 && fits(left - 1, y, p)) {
                --left;
            }
            std::int32_t bottom = y;
            const auto row_fits = [&](std::int32_t row) {
                for (std::int32_t i = left; i <= right; ++i) {
                    if (!fits(i, row, p)) {
                        return false;
                    }
                }
                return true;
            };
            while (bottom + 1 < g.rows && row_fits(bottom + 1)) {
                ++bottom;
            }
            std::int32_t top = y;
            while (top > 0 && row_fits(top - 1)) {
                --top;
            }
            out << head << range_text(left, right, g.columns) << ',' << range_text(top, bottom, g.rows) << ' '
                << port_names[to_number(p)] << '\n';
            for (std::int32_t j = top; j <= bottom; ++j) {
                for (std::int32_t i = left; i <= right; ++i) {
                    at(i, j) = route_table::no_port;
                }
            }
        }
    }
}

}  // namespace

void write_routes(std::ostream& out, const route_table& routes) {
    const grid g = routes.shape();
    out << "d1routes 1\nmesh " << g.columns << ' ' << g.rows << "\n# router, input, destination, output\n";
    for (std::uint32_t v = 0; v < g.size(); ++v) {
        const node_index here{v};
        if (!routes.live(here)) {
            continue;
        }
        std::vector<shared_outputs> layers;
        for (std::uint32_t in = 0; in < port_count; ++in) {
            std::vector<port> mine(g.size());
            for (std::uint32_t d = 0; d < g.size(); ++d) {
                mine[d] = d == v ? route_table::no_port : routes.next(here, static_cast<port>(in), node_index{d});
            }
            auto layer =
                std::find_if(layers.begin(), layers.end(), [&](const shared_outputs& l) { return l.takes(mine); });
            if (layer == layers.end()) {
                layer = layers.insert(layers.end(), {0, std::vector<port>(g.size(), route_table::no_port)});
            }
            layer->add(in, mine);
        }
        for (const shared_outputs& layer : layers) {
            write_rectangles(out, g, place(g.at(here)) + " " + inputs_text(layer.inputs, layers.size() == 1) + " ",
                             layer.out);
        }
    }
}

}  // namespace d1::noc
