#include "models/statistics/text_writer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <ostream>

namespace d1::statistics {
namespace {

/// Rows of texts; a column is as wide as its widest cell, and the last one is not padded.
template <std::size_t Columns>
class table {
  public:
    using row = std::array<std::string, Columns>;

    /// `alignment`: one character per column, 'l' or 'r'.
    table(std::string_view alignment, row heading) : alignment_(alignment) { add(std::move(heading)); }

    void add(row cells) {
        for (std::size_t i = 0; i < Columns; ++i) width_[i] = std::max(width_[i], cells[i].size());
        rows_.push_back(std::move(cells));
    }

    void write(std::ostream& out) const {
        for (const row& cells : rows_) {
            std::string line;
            for (std::size_t i = 0; i < Columns; ++i) {
                const std::string padding(width_[i] - cells[i].size(), ' ');
                if (i != 0) line += "  ";
                line += alignment_[i] == 'r' ? padding + cells[i] : cells[i] + padding;
            }
            line.resize(line.find_last_not_of(' ') + 1);
            out << line << '\n';
        }
    }

  private:
    std::string_view alignment_;
    std::array<std::size_t, Columns> width_{};
    std::vector<row> rows_;
};

struct summary {
    std::uint64_t count = 0;
    std::uint64_t total = 0;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t greatest = 0;
    std::string place_of_greatest;
    std::string_view unit;
    std::string_view description;

    void add(std::string&& indices, const counter_entry& counter) {
        const std::uint64_t value = counter.value();
        if (count == 0 || value > greatest) place_of_greatest = std::move(indices);
        ++count;
        total += value;
        least = std::min(least, value);
        greatest = std::max(greatest, value);
        unit = counter.unit();
        description = counter.description();
    }
};

/// total / count with one decimal, in integers so that it is the same everywhere.
std::string mean_of(const summary& s) {
    std::uint64_t whole = s.total / s.count;
    std::uint64_t tenths = (s.total % s.count * 20 + s.count) / (2 * s.count);
    if (tenths == 10) {
        tenths = 0;
        ++whole;
    }
    return std::to_string(whole) + '.' + std::to_string(tenths);
}

}  // namespace

void write_summary(std::ostream& out, const group& root) {
    std::map<std::string, summary, natural_order> kinds;
    root.visit([&](const std::string& path, const counter_entry& counter) {
        generic_path generic = generalise(path);
        kinds[std::move(generic.pattern)].add(std::move(generic.indices), counter);
    });
    table<9> lines("lrrrrrlll",
                   {"statistic", "number", "total", "min", "mean", "max", "max at", "unit", "description"});
    for (const auto& [pattern, s] : kinds) {
        lines.add({pattern, std::to_string(s.count), std::to_string(s.total), std::to_string(s.least), mean_of(s),
                   std::to_string(s.greatest), s.place_of_greatest, std::string(s.unit), std::string(s.description)});
    }
    lines.write(out);
}

void write_text(std::ostream& out, const group& root) {
    table<4> lines("lrll", {"statistic", "value", "unit", "description"});
    root.visit([&](const std::string& path, const counter_entry& counter) {
        lines.add(
            {path, std::to_string(counter.value()), std::string(counter.unit()), std::string(counter.description())});
    });
    lines.write(out);
}

}  // namespace d1::statistics
