#include "models/program/validate.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "models/program/affine.hpp"

namespace d1::program {

namespace {

constexpr std::int64_t line_bytes = 64;

/// Says what is wrong with one instruction.
class instruction_validator {
  public:
    instruction_validator(std::size_t depth, const limits& node, std::vector<std::string>& messages)
        : depth_(depth), node_(node), messages_(messages) {}

    void operator()(const matrix_multiply<affine>& i) {
        operand("c", i.c);
        operand("a", i.a);
        operand("b", i.b);
        operand("accumulate", i.accumulate);
        line_aligned("c", i.c);
        if (i.a_step_stride == 0) line_aligned("a", i.a);
        line_aligned("b", i.b);
        positive("row_blocks", i.row_blocks);
        positive("column_blocks", i.column_blocks);
        positive("k_steps", i.k_steps);
    }
    void operator()(const vector_operation<affine>& i) {
        operand("destination", i.destination);
        operand("a", i.a);
        operand("b", i.b);
        positive("elements", i.elements);
        if (i.active) operand("active", *i.active);
        operand("key", i.key);
        operand("index", i.index);
        positive("rows", i.rows);
        const auto row = std::uint64_t{i.elements} * numerics::bytes(i.destination_type.format);
        apart(i.rows, static_cast<std::int64_t>(row), i.destination_stride);
        const bool has_index = i.index != affine() || i.index_stride != 0;
        if (i.rounding == numerics::rounding_mode::nearest && (i.key != affine() || has_index)) {
            say("key and index are for stochastic rounding; rounding is nearest");
        }
        if (i.rounding == numerics::rounding_mode::stochastic && i.rows > 1 && i.index_stride == 0) {
            say("index_stride must not be 0: all rows would be rounded by the same random bits");
        }
    }
    void operator()(const copy<affine>& i) { transfer(i.source, i.destination, i.shape); }
    void operator()(const gather<affine>& i) {
        operand("destination", i.destination);
        operand("indices", i.indices);
        positive("elements", i.elements);
        table(i.table);
    }
    void operator()(const scatter_add<affine>& i) {
        operand("indices", i.indices);
        operand("source", i.source);
        positive("elements", i.elements);
        table(i.table);
    }
    void operator()(const transpose<affine>& i) {
        operand("destination", i.destination);
        operand("source", i.source);
        positive("rows", i.rows);
        positive("columns", i.columns);
        const auto row = std::uint64_t{i.rows} * numerics::bytes(i.type.format);
        apart(i.columns, static_cast<std::int64_t>(row), i.destination_stride);
    }
    void operator()(const reduce<affine>& i) {
        operand("destination", i.destination);
        operand("source", i.source);
        positive("rows", i.rows);
        positive("elements", i.elements);
    }
    void operator()(const barrier<affine>& i) {
        operand("number", i.number);
        node("corner", i.corner);
        positive("columns", i.columns);
        positive("rows", i.rows);
        positive("threads", i.threads);
        if (is_constant(i.number) && (i.number.constant < 0 || i.number.constant >= node_.barriers)) {
            say("names barrier " + std::to_string(i.number.constant) + "; a node has " +
                std::to_string(node_.barriers));
        }
        if (i.threads > node_.threads) {
            say("waits for " + std::to_string(i.threads) + " threads of each node; a node runs " +
                std::to_string(node_.threads));
        }
    }
    void operator()(const list_begin&) {}
    void operator()(const list_end&) {}
    void operator()(const push<affine>& i) {
        node("to", i.to);
        transfer(i.source, i.destination, i.shape);
        update("done", i.done);
        update("notify", i.notify);
    }
    void operator()(const pull<affine>& i) {
        node("from", i.from);
        transfer(i.source, i.destination, i.shape);
        update("done", i.done);
    }
    void operator()(const signal<affine>& i) {
        if (i.to) node("to", *i.to);
        semaphore("semaphore", i.update.semaphore);
        amount("amount", i.update.amount);
    }
    void operator()(const wait<affine>& i) {
        semaphore("semaphore", i.semaphore);
        amount("amount", i.amount);
    }
    void operator()(const loop_begin& i) {
        operand("count", i.count);
        if (depth_ >= max_loop_depth) {
            say("loops are nested more than " + std::to_string(max_loop_depth) + " deep");
        }
    }
    void operator()(const loop_end&) {}

  private:
    void say(std::string message) { messages_.push_back(std::move(message)); }

    void operand(std::string_view key, const affine& a) {
        const auto needed = required_depth(a);
        if (needed > depth_) {
            say(std::string(key) + " refers to the counter of a loop at depth " + std::to_string(needed - 1) +
                ", but only " + std::to_string(depth_) + " loops are around the instruction");
        }
    }
    void node(std::string_view key, const node_reference<affine>& n) {
        operand(std::string(key) + ".x", n.x);
        operand(std::string(key) + ".y", n.y);
    }
    void positive(std::string_view key, std::uint32_t value) {
        if (value == 0) say(std::string(key) + " must be above 0");
    }
    void line_aligned(std::string_view key, const affine& a) {
        if (a.constant % line_bytes != 0) {
            say(std::string(key) + " must lie on a 64-byte line: the constant part, " + std::to_string(a.constant) +
                ", is not a multiple of 64");
        }
    }
    void transfer(const affine& source, const affine& destination, const transfer_shape& shape) {
        operand("source", source);
        operand("destination", destination);
        positive("rows", shape.rows);
        positive("row_bytes", shape.row_bytes);
        apart(shape.rows, shape.row_bytes, shape.destination_stride);
    }
    void apart(std::uint32_t rows, std::int64_t row_bytes, std::int64_t stride) {
        if (rows > 1 && stride > -row_bytes && stride < row_bytes) {
            say("destination_stride " + std::to_string(stride) + " makes rows of " + std::to_string(row_bytes) +
                " bytes overlap where they are written");
        }
    }
    void table(const lookup_table<affine>& t) {
        operand("table", t.address);
        positive("table_rows", t.rows);
        positive("granules", t.granules);
        if (t.granule_bytes != 8 && t.granule_bytes != 16) {
            say("granule_bytes is " + std::to_string(t.granule_bytes) + "; a granule has 8 or 16 bytes");
        } else if (t.address.constant % t.granule_bytes != 0) {
            say("table must lie on a whole granule: the constant part, " + std::to_string(t.address.constant) +
                ", is not a multiple of " + std::to_string(t.granule_bytes));
        }
    }
    void update(std::string_view key, const std::optional<semaphore_update<affine>>& u) {
        if (!u) return;
        semaphore(key, u->semaphore);
        amount(std::string(key) + " amount", u->amount);
    }
    void semaphore(std::string_view key, const affine& a) {
        operand(key, a);
        if (is_constant(a) && (a.constant < 0 || a.constant >= node_.semaphores)) {
            say(std::string(key) + " names semaphore " + std::to_string(a.constant) + "; a node has " +
                std::to_string(node_.semaphores));
        }
    }
    void amount(std::string_view key, const affine& a) {
        operand(key, a);
        if (is_constant(a) && !std::in_range<std::uint32_t>(a.constant)) {
            say(std::string(key) + " is " + std::to_string(a.constant) + "; semaphores count from 0 to 4294967295");
        }
    }

    std::size_t depth_;
    const limits& node_;
    std::vector<std::string>& messages_;
};

/// A named stretch of something that a node has a limited amount of.
struct named_range {
    std::string_view name;
    std::uint64_t first;
    std::uint64_t count;
};

class program_validator {
  public:
    program_validator(const program& p, const limits& node) : program_(p), node_(node) {}

    std::vector<diagnostic> run() {
        names();
        buffers();
        semaphores();
        if (program_.threads.empty()) say("has no thread");
        if (program_.threads.size() > node_.threads) {
            say("has " + std::to_string(program_.threads.size()) + " threads; a node runs " +
                std::to_string(node_.threads));
        }
        for (std::size_t t = 0; t < program_.threads.size(); ++t) thread(t);
        return std::move(diagnostics_);
    }

  private:
    void say(std::string message, std::optional<std::size_t> thread = {}, std::optional<std::size_t> position = {}) {
        diagnostics_.push_back({thread, position, std::move(message), {}});
    }
    void say_of(std::string_view symbol, std::string message) {
        diagnostics_.push_back({{}, {}, std::move(message), std::string(symbol)});
    }

    void names() {
        std::set<std::string_view> seen;
        const auto check = [&](const std::string& name) {
            if (!is_valid_name(name)) {
                say_of(name,
                       "'" + name + "' cannot name a buffer or semaphore: use letters, digits and _, and not x or y");
            }
            if (!seen.insert(name).second) say_of(name, "the name '" + name + "' is used twice");
        };
        for (const auto& b : program_.buffers) check(b.name);
        for (const auto& s : program_.semaphores) check(s.name);
    }
    void buffers() {
        std::vector<named_range> ranges;
        for (const auto& b : program_.buffers) ranges.push_back({b.name, b.address, b.bytes});
        separate(std::move(ranges), "buffer", "bytes of SRAM", node_.sram_bytes);
    }
    void semaphores() {
        std::vector<named_range> ranges;
        for (const auto& s : program_.semaphores) ranges.push_back({s.name, s.first, s.count});
        separate(std::move(ranges), "semaphore", "semaphores", node_.semaphores);
    }
    void separate(std::vector<named_range> ranges, const std::string& kind, const std::string& unit,
                  std::uint64_t available) {
        for (const auto& r : ranges) {
            if (r.count == 0) say_of(r.name, kind + " '" + std::string(r.name) + "' is empty");
            if (r.first + r.count > available) {
                say_of(r.name, kind + " '" + std::string(r.name) + "' ends at " + std::to_string(r.first + r.count) +
                                   "; a node has " + std::to_string(available) + " " + unit);
            }
        }
        std::stable_sort(ranges.begin(), ranges.end(),
                         [](const named_range& a, const named_range& b) { return a.first < b.first; });
        for (std::size_t i = 1; i < ranges.size(); ++i) {
            if (ranges[i - 1].first + ranges[i - 1].count > ranges[i].first) {
                say_of(ranges[i].name, kind + "s '" + std::string(ranges[i - 1].name) + "' and '" +
                                           std::string(ranges[i].name) + "' overlap");
            }
        }
    }
    void thread(std::size_t t) {
        const auto& instructions = program_.threads[t];
        std::vector<block> open;
        for (std::size_t n = 0; n < instructions.size(); ++n) {
            const instruction& i = instructions[n];
            const auto depth = std::count_if(open.begin(), open.end(), [](const block& b) { return b.is_loop; });
            for (auto& message : validate_instruction(i, static_cast<std::size_t>(depth), node_)) say(message, t, n);
            const bool listed = std::any_of(open.begin(), open.end(), [](const block& b) { return !b.is_loop; });
            if (listed && !may_stand_in_a_list(i)) say("a list holds pushes, pulls, signals and loops alone", t, n);
            if (std::holds_alternative<loop_begin>(i) || std::holds_alternative<list_begin>(i)) {
                open.push_back({n, std::holds_alternative<loop_begin>(i)});
            } else if (std::holds_alternative<loop_end>(i) || std::holds_alternative<list_end>(i)) {
                end(open, std::holds_alternative<loop_end>(i), t, n);
            }
            indices(i, t, n);
        }
        for (const block& b : open) say("the " + b.name() + " is not ended", t, b.begin);
    }

    /// A loop or list around the current instruction.
    struct block {
        std::size_t begin;
        bool is_loop;
        [[nodiscard]] std::string name() const { return is_loop ? "loop" : "list"; }
    };
    void end(std::vector<block>& open, bool is_loop, std::size_t t, std::size_t n) {
        if (open.empty() || open.back().is_loop != is_loop) {
            say(std::string("ends a ") + (is_loop ? "loop" : "list") + " that was not begun", t, n);
            return;
        }
        if (open.back().begin + 1 == n) say("the " + open.back().name() + " is empty", t, open.back().begin);
        open.pop_back();
    }
    [[nodiscard]] static bool may_stand_in_a_list(const instruction& i) {
        return std::holds_alternative<push<affine>>(i) || std::holds_alternative<pull<affine>>(i) ||
               std::holds_alternative<signal<affine>>(i) || std::holds_alternative<loop_begin>(i) ||
               std::holds_alternative<loop_end>(i) || std::holds_alternative<list_end>(i);
    }

    /// Indices that lie in the same place everywhere must lie in a buffer for them.
    void indices(const instruction& i, std::size_t t, std::size_t n) {
        const auto check = [&](const affine& address, std::uint32_t elements) {
            const std::int64_t end = address.constant + std::int64_t{4} * elements;
            const bool found = std::any_of(program_.buffers.begin(), program_.buffers.end(), [&](const buffer& b) {
                return b.content == buffer_content::index && address.constant >= b.address &&
                       end <= std::int64_t{b.address} + b.bytes;
            });
            if (is_constant(address) && !found) {
                say("takes indices from byte " + std::to_string(address.constant) +
                        " on, which do not lie in a buffer declared content=index",
                    t, n);
            }
        };
        if (const auto* g = std::get_if<gather<affine>>(&i)) check(g->indices, g->elements);
        if (const auto* a = std::get_if<scatter_add<affine>>(&i)) check(a->indices, a->elements);
    }

    const program& program_;
    const limits& node_;
    std::vector<diagnostic> diagnostics_;
};

[[nodiscard]] bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
[[nodiscard]] bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string to_string(const diagnostic& d) {
    std::string place = "program";
    if (d.thread) place = "thread " + std::to_string(*d.thread);
    if (d.instruction) place += ", instruction " + std::to_string(*d.instruction);
    return place + ": " + d.message;
}

std::vector<diagnostic> validate(const program& p, const limits& node) {
    return program_validator(p, node).run();
}

std::vector<std::string> validate_instruction(const instruction& i, std::size_t depth, const limits& node) {
    std::vector<std::string> messages;
    std::visit(instruction_validator(depth, node, messages), i);
    return messages;
}

bool is_valid_name(std::string_view name) {
    return !name.empty() && name != "x" && name != "y" && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace d1::program
