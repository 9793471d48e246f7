#include "testbenches/traffic/trace.hpp"

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <charconv>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1::traffic {

namespace {

constexpr std::array<std::string_view, 7> columns{"cycle",         "source_x", "source_y", "destination_x",
                                                  "destination_y", "packets",  "class"};
using fields = std::array<std::string_view, columns.size()>;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string heading() {
    std::string all;
    for (const std::string_view c : columns) {
        all.append(all.empty() ? "" : ",").append(c);
    }
    return all;
}

/// One line of a trace.
class record_reader {
  public:
    record_reader(const std::string& file, std::size_t line, const grid& places, const std::vector<bool>& live)
        : file_(file), line_(line), places_(places), live_(live) {}

    [[noreturn]] void refuse(const std::string& why) const {
        throw input_error(error_class::table, file_ + ":" + std::to_string(line_) + ": " + why);
    }

    [[nodiscard]] fields split(std::string_view text) const {
        fields all;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::size_t comma = text.find(',');
            const bool last = i + 1 == all.size();
            if (last != (comma == std::string_view::npos)) {
                refuse("a burst has " + std::to_string(columns.size()) + " values, separated by commas: " + heading());
            }
            all[i] = trimmed(text.substr(0, comma));
            text.remove_prefix(last ? text.size() : comma + 1);
        }
        return all;
    }

    [[nodiscard]] std::uint64_t number(const fields& all, std::size_t column, std::uint64_t least,
                                       std::uint64_t most) const {
        const std::string_view text = all[column];
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
            refuse_value(all, column,
                         "whole numbers from " + std::to_string(least) + " to " + std::to_string(most) + " are");
        }
        return value;
    }

    [[nodiscard]] node_index place(const fields& all, std::size_t column, const char* what) const {
        const auto coordinate_of = [&](std::size_t at, std::int32_t size) {
            return static_cast<std::int32_t>(number(all, at, 0, static_cast<std::uint64_t>(size - 1)));
        };
        const coordinate c{coordinate_of(column, places_.columns), coordinate_of(column + 1, places_.rows)};
        if (!live_[to_number(places_.index(c))]) {
            refuse("the " + std::string(what) + " " + std::to_string(c.x) + "," + std::to_string(c.y) + " is dead");
        }
        return places_.index(c);
    }

    [[nodiscard]] message_class class_of(const fields& all, std::size_t column) const {
        message_class found{};
        if (!boost::describe::enum_from_string(std::string(all[column]).c_str(), found)) {
            refuse_value(all, column, "request_low, request_high, data and response are");
        }
        return found;
    }

  private:
    [[noreturn]] void refuse_value(const fields& all, std::size_t column, const std::string& allowed) const {
        refuse("column '" + std::string(columns[column]) + "': '" + std::string(all[column]) + "' is not allowed; " +
               allowed);
    }

    const std::string& file_;
    std::size_t line_;
    const grid& places_;
    const std::vector<bool>& live_;
};

constexpr std::string_view setting_mark = "# d1sim-trace/1";

std::string text_of(const burst_trace::setting& s) {
    return std::string(setting_mark) + " senders=" + std::to_string(s.senders) +
           " warm_up=" + std::to_string(s.warm_up) + " cycles=" + std::to_string(s.measured);
}

/// Reads what text_of writes; nothing of any other comment.
std::optional<burst_trace::setting> setting_of(std::string_view comment, const record_reader& reader,
                                               const grid& places) {
    std::string_view left = comment;
    if (left.starts_with(setting_mark)) {
        left.remove_prefix(setting_mark.size());
    }
    if (left.size() == comment.size() || (!left.empty() && left.front() != ' ')) {
        return std::nullopt;
    }
    const auto number = [&](std::string_view name, std::uint64_t least, std::uint64_t most) {
        std::uint64_t value = 0;
        left.remove_prefix(std::min(left.size(), left.find_first_not_of(' ')));
        if (left.starts_with(name)) {
            left.remove_prefix(name.size());
            const auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), value);
            left.remove_prefix(static_cast<std::size_t>(end - left.data()));
            if (error == std::errc() && value >= least && value <= most && (left.empty() || left.front() == ' ')) {
                return value;
            }
        }
        reader.refuse("the line is not as '" + text_of({places.size(), 2000, 10000}) + "', with up to " +
                      std::to_string(places.size()) + " senders, and 20 cycles or more up to " +
                      std::to_string(burst_trace::last_cycle));
    };
    burst_trace::setting found;
    found.senders = static_cast<std::uint32_t>(number("senders=", 0, places.size()));
    found.warm_up = number("warm_up=", 0, burst_trace::last_cycle);
    found.measured = number("cycles=", 20, burst_trace::last_cycle);
    return found;
}

bool is_heading(const fields& all) {
    return std::equal(all.begin(), all.end(), columns.begin());
}

}  // namespace

burst_trace burst_trace::parse(std::string_view text, const std::string& name, const grid& places,
                               const std::vector<bool>& live) {
    burst_trace all(places);
    bool first = true;
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view content = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const record_reader reader(name, line, places, live);
        if (content.empty() || content.front() == '#') {
            if (line == 1) {
                all.given_ = setting_of(content, reader, places);
            }
            continue;
        }
        const fields values = reader.split(content);
        if (std::exchange(first, false) && is_heading(values)) {
            continue;
        }
        const node_index source = reader.place(values, 1, "source");
        const creation burst{reader.number(values, 0, 0, last_cycle), reader.place(values, 3, "destination"),
                             static_cast<std::uint32_t>(reader.number(values, 5, 1, burst::capacity)),
                             reader.class_of(values, 6)};
        if (burst.destination == source) {
            reader.refuse("source and destination are the same node");
        }
        all.add(source, burst);
    }
    if (all.bursts() == 0) {
        throw input_error(error_class::table, name + ": no burst in it; a line is " + heading());
    }
    for (std::vector<creation>& of_node : all.by_node_) {
        std::stable_sort(of_node.begin(), of_node.end(),
                         [](const creation& a, const creation& b) { return a.at < b.at; });
    }
    return all;
}

std::size_t burst_trace::bursts() const {
    std::size_t sum = 0;
    for (const auto& of_node : by_node_) {
        sum += of_node.size();
    }
    return sum;
}

std::uint32_t burst_trace::senders() const {
    const auto creating = static_cast<std::uint32_t>(
        std::count_if(by_node_.begin(), by_node_.end(), [](const auto& of_node) { return !of_node.empty(); }));
    return std::max(creating, given_ ? given_->senders : 0);
}

std::uint64_t burst_trace::end() const {
    std::uint64_t end = 0;
    for (const auto& of_node : by_node_) {
        end = of_node.empty() ? end : std::max(end, of_node.back().at + 1);
    }
    return end;
}

std::string burst_trace::text() const {
    struct record {
        node_index source;
        const creation* burst;
    };
    std::vector<record> all;
    for (std::uint32_t n = 0; n < by_node_.size(); ++n) {
        for (const creation& c : by_node_[n]) {
            all.push_back({static_cast<node_index>(n), &c});
        }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const record& a, const record& b) { return a.burst->at < b.burst->at; });
    std::string text = (given_ ? text_of(*given_) + "\n" : "") + heading() + "\n";
    for (const record& r : all) {
        const coordinate from = places_.at(r.source);
        const coordinate to = places_.at(r.burst->destination);
        for (const std::uint64_t value : {r.burst->at, std::uint64_t(from.x), std::uint64_t(from.y),
                                          std::uint64_t(to.x), std::uint64_t(to.y), std::uint64_t{r.burst->packets}}) {
            text.append(std::to_string(value)).append(",");
        }
        text.append(boost::describe::enum_to_string(r.burst->channel_class, "")).append("\n");
    }
    return text;
}

}  // namespace d1::traffic
