#include <array>
#include <charconv>
#include <cmath>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/program/affine.hpp"
#include "models/program/lexer.hpp"
#include "models/program/operands.hpp"
#include "models/program/program_file.hpp"
#include "models/program/text.hpp"
#include "models/program/validate.hpp"

namespace d1::program {

namespace {

using detail::operand_kind;
using detail::text_form;

/// Whether a key may be left out: floats are compared by sign too, so that -0 is kept.
template <typename Field>
[[nodiscard]] bool same(const Field& a, const Field& b) {
    return a == b;
}
[[nodiscard]] bool same(float a, float b) {
    return a == b && std::signbit(a) == std::signbit(b);
}

class printer {
  public:
    printer(std::ostream& out, const program& p) : out_(out), program_(p) {}

    /// The program, and between its name and its declarations the nodes that it runs on, if any.
    void run(const std::vector<node_rectangle>& on);

    template <typename Field>
    void required(std::string_view key, const Field& field, operand_kind kind = operand_kind::number) {
        out_ << ' ' << key << '=';
        value(field, kind);
    }
    template <typename Field>
    void optional(std::string_view key, const Field& field, const Field& absent,
                  operand_kind kind = operand_kind::number) {
        if (!same(field, absent)) required(key, field, kind);
    }

  private:
    void claim_name(const std::string& name);
    void name_counters();
    void thread(const std::vector<instruction>& instructions);
    void line(const instruction& i);
    void end_block(bool is_loop);
    template <typename Described>
    void declaration(const Described& d);
    void indent();

    void value(const affine& a, operand_kind kind);
    void value(const node_reference<affine>& n, operand_kind);
    void value(const std::optional<node_reference<affine>>& n, operand_kind kind) { value(*n, kind); }
    void value(const std::optional<semaphore_update<affine>>& u, operand_kind);
    void value(float f, operand_kind);
    void value(const numerics::element_type& type, operand_kind);
    void value(numerics::elementwise_operation operation, operand_kind) { out_ << numerics::name(operation); }
    void value(const std::optional<affine>& a, operand_kind kind) { value(*a, kind); }
    template <detail::choice Enumeration>
    void value(Enumeration chosen, operand_kind) {
        out_ << detail::choice_words<Enumeration>::values.at(static_cast<std::size_t>(chosen));
    }
    template <std::integral Integer>
    void value(Integer number, operand_kind) {
        out_ << number;
    }

    void term(std::int64_t coefficient, std::string_view symbol, bool& first);
    void number(std::int64_t n, bool& first);
    /// Prints the buffer or semaphores that `constant` lies in, and yields what remains of it.
    std::int64_t symbol(std::int64_t constant, operand_kind kind, bool& first);

    std::ostream& out_;
    const program& program_;
    std::set<std::string> names_;
    std::array<std::string, max_loop_depth> counters_;
    std::size_t depth_ = 0;         // loops around the line
    std::vector<bool> open_loops_;  // blocks around the line, by whether they are loops or lists
};

void printer::run(const std::vector<node_rectangle>& on) {
    for (const auto& b : program_.buffers) claim_name(b.name);
    for (const auto& s : program_.semaphores) claim_name(s.name);
    name_counters();
    out_ << "program \"" << detail::escaped(program_.name) << "\"\n";
    if (!on.empty()) out_ << "on";
    for (const auto& r : on) {
        out_ << ' ' << r.first.x << ',' << r.first.y;
        if (r.last != r.first) out_ << ':' << r.last.x << ',' << r.last.y;
    }
    if (!on.empty()) out_ << '\n';
    for (const auto& b : program_.buffers) declaration(b);
    for (const auto& s : program_.semaphores) declaration(s);
    for (const auto& t : program_.threads) thread(t);
}

void printer::claim_name(const std::string& name) {
    if (!is_valid_name(name)) throw std::invalid_argument("print: '" + name + "' is not a valid name");
    if (!names_.insert(name).second) throw std::invalid_argument("print: the name '" + name + "' is used twice");
}

void printer::name_counters() {
    constexpr std::string_view letters = "ijklmnpq";
    for (std::size_t d = 0; d < max_loop_depth; ++d) {
        counters_[d] = letters[d];
        while (names_.contains(counters_[d])) counters_[d] += '_';
    }
}

template <typename Described>
void printer::declaration(const Described& d) {
    out_ << text_form<Described>::mnemonic << ' ' << d.name;
    text_form<Described>::operands(d, *this);
    out_ << '\n';
}

void printer::thread(const std::vector<instruction>& instructions) {
    out_ << "thread {\n";
    for (const auto& i : instructions) line(i);
    if (!open_loops_.empty()) throw std::invalid_argument("print: a loop or list without its end");
    out_ << "}\n";
}

void printer::line(const instruction& i) {
    if (std::holds_alternative<loop_end>(i)) return end_block(true);
    if (std::holds_alternative<list_end>(i)) return end_block(false);
    indent();
    if (const auto* begin = std::get_if<loop_begin>(&i)) {
        if (depth_ == max_loop_depth) throw std::invalid_argument("print: loops nested too deep");
        out_ << detail::loop_mnemonic << ' ' << counters_[depth_] << " = ";
        value(begin->count, operand_kind::number);
        out_ << " {\n";
        open_loops_.push_back(true);
        ++depth_;
        return;
    }
    if (std::holds_alternative<list_begin>(i)) {
        out_ << detail::list_mnemonic << " {\n";
        open_loops_.push_back(false);
        return;
    }
    std::visit(
        [this](const auto& operation) {
            using alternative = std::remove_cvref_t<decltype(operation)>;
            if constexpr (detail::has_operands<alternative>) {
                out_ << text_form<alternative>::mnemonic;
                text_form<alternative>::operands(operation, *this);
            }
        },
        i);
    out_ << '\n';
}

void printer::end_block(bool is_loop) {
    if (open_loops_.empty() || open_loops_.back() != is_loop) {
        throw std::invalid_argument(is_loop ? "print: a loop's end without its begin"
                                            : "print: a list's end without its begin");
    }
    open_loops_.pop_back();
    if (is_loop) --depth_;
    indent();
    out_ << "}\n";
}

void printer::indent() {
    for (std::size_t b = 0; b <= open_loops_.size(); ++b) out_ << "    ";
}

void printer::value(const affine& a, operand_kind kind) {
    if (required_depth(a) > depth_) throw std::invalid_argument("print: a reference to the counter of no loop");
    bool first = true;
    const std::int64_t rest = symbol(a.constant, kind, first);
    for (std::size_t d = 0; d < depth_; ++d) term(a.loop[d], counters_[d], first);
    term(a.x, "x", first);
    term(a.y, "y", first);
    if (rest != 0 || first) number(rest, first);
}

void printer::value(const node_reference<affine>& n, operand_kind) {
    out_ << '(';
    value(n.x, operand_kind::number);
    out_ << ", ";
    value(n.y, operand_kind::number);
    out_ << ')';
}

void printer::value(const std::optional<semaphore_update<affine>>& u, operand_kind) {
    value(u->semaphore, operand_kind::semaphore);
    if (u->amount != affine(1)) {
        out_ << " : ";
        value(u->amount, operand_kind::number);
    }
}

void printer::value(float f, operand_kind) {
    if (std::isnan(f)) {
        out_ << "nan";
        return;
    }
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), f).ptr;
    out_ << std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
}

void printer::value(const numerics::element_type& type, operand_kind) {
    out_ << numerics::name(type.format);
    if (type.bias != 0) out_ << ':' << unsigned{type.bias};
}

void printer::number(std::int64_t n, bool& first) {
    if (first) {
        out_ << n;
    } else {
        out_ << (n < 0 ? " - " : " + ") << (n < 0 ? 0 - detail::bits(n) : detail::bits(n));
    }
    first = false;
}

void printer::term(std::int64_t coefficient, std::string_view symbol, bool& first) {
    if (coefficient == 0) return;
    if (coefficient == 1 || coefficient == -1) {
        if (!first) out_ << (coefficient < 0 ? " - " : " + ");
        if (first && coefficient < 0) out_ << '-';
        first = false;
    } else {
        number(coefficient, first);
        out_ << '*';
    }
    out_ << symbol;
}

std::int64_t printer::symbol(std::int64_t constant, operand_kind kind, bool& first) {
    const auto print_if_inside = [&](const std::string& name, std::int64_t begin, std::int64_t count) {
        if (constant < begin || constant - begin >= count) return false;
        out_ << name;
        first = false;
        constant -= begin;
        return true;
    };
    if (kind == operand_kind::address) {
        for (const auto& b : program_.buffers) {
            if (print_if_inside(b.name, b.address, b.bytes)) break;
        }
    } else if (kind == operand_kind::semaphore) {
        for (const auto& s : program_.semaphores) {
            if (print_if_inside(s.name, s.first, s.count)) break;
        }
    }
    return constant;
}

}  // namespace

void print(std::ostream& out, const program& p) {
    out << "d1p " << text_version << '\n';
    printer(out, p).run({});
}

void print(std::ostream& out, const program_file& file) {
    out << "d1p " << text_version << '\n';
    if (file.nodes.size() != 0) out << "grid columns=" << file.nodes.columns << " rows=" << file.nodes.rows << '\n';
    for (const role& r : file.roles) {
        out << '\n';
        printer(out, r.body).run(r.on);
    }
}

std::string_view mnemonic_of(const instruction& i) {
    return std::visit(
        [](const auto& operation) -> std::string_view {
            using alternative = std::remove_cvref_t<decltype(operation)>;
            if constexpr (detail::has_operands<alternative>) {
                return text_form<alternative>::mnemonic;
            }
            return "";
        },
        i);
}

}  // namespace d1::program
