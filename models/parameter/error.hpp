#pragma once
// What goes wrong, by class: each has a code that messages show and docs/errors.md explains.

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace d1 {

/// Classes of errors. The first ones refuse what a user gives, before a run; those from check_failed on end a run.
enum class error_class : std::uint8_t {
    command_line,     ///< an unknown command or option, or one that lacks something
    option_value,     ///< a value that an option does not take
    option_conflict,  ///< options that contradict or need each other
    file_unreadable,  ///< an input that is missing, no regular file, or cannot be read
    file_unwritable,  ///< an output that cannot be made or written
    table,            ///< a text that is no layer table, or a row of it that is no layer
    layer,            ///< a layer that the die cannot run
    configuration,    ///< a YAML text or setting that names no parameter, or no value that it may have
    parameters,       ///< parameters that do not go together
    program_text,     ///< a text that is no program
    program_unfit,    ///< a program that cannot run on the nodes it is for
    symbol,           ///< a buffer that no program has, or that cannot be an array
    mesh,             ///< dead nodes that leave no connected mesh
    routing,          ///< a routing that does not deliver, or can deadlock
    placement,        ///< a job that needs more nodes than are alive
    array,            ///< a file that is no array, or no array for the buffer
    check_failed,     ///< a run came to a state that no program may cause, or its results are wrong
    deadlock,         ///< threads wait for what cannot come
    interrupted,      ///< the user stopped the run
    out_of_memory,    ///< the host has not enough memory
    internal          ///< a mistake in the simulator, or in a platform built on it
};

/// What messages and docs call a class.
struct error_description {
    error_class id;
    std::string_view code;  ///< stable: never given to another class
    std::string_view name;
    int exit_code;  ///< of a program that ends with it
};

inline constexpr std::array<error_description, 21> error_descriptions{{
    {error_class::command_line, "D1-E101", "command_line", 2},
    {error_class::option_value, "D1-E102", "option_value", 2},
    {error_class::option_conflict, "D1-E103", "option_conflict", 2},
    {error_class::file_unreadable, "D1-E201", "file_unreadable", 2},
    {error_class::file_unwritable, "D1-E202", "file_unwritable", 2},
    {error_class::table, "D1-E301", "table", 2},
    {error_class::layer, "D1-E302", "layer", 2},
    {error_class::configuration, "D1-E401", "configuration", 2},
    {error_class::parameters, "D1-E402", "parameters", 2},
    {error_class::program_text, "D1-E501", "program_text", 2},
    {error_class::program_unfit, "D1-E502", "program_unfit", 2},
    {error_class::symbol, "D1-E503", "symbol", 2},
    {error_class::mesh, "D1-E601", "mesh", 2},
    {error_class::routing, "D1-E602", "routing", 2},
    {error_class::placement, "D1-E603", "placement", 2},
    {error_class::array, "D1-E701", "array", 2},
    {error_class::check_failed, "D1-E801", "check_failed", 1},
    {error_class::deadlock, "D1-E802", "deadlock", 3},
    {error_class::interrupted, "D1-E803", "interrupted", 130},
    {error_class::out_of_memory, "D1-E804", "out_of_memory", 1},
    {error_class::internal, "D1-E901", "internal", 1},
}};

[[nodiscard]] constexpr const error_description& describe(error_class c) noexcept {
    return error_descriptions[static_cast<std::size_t>(c)];
}

/// "error D1-E301: message", as programs print it.
[[nodiscard]] inline std::string error_line(error_class c, std::string_view message) {
    std::string line("error ");
    return line.append(describe(c).code).append(": ").append(message);
}

/// The text with its control characters, other than tabs and line feeds, written as \xHH: fit to show on a terminal.
[[nodiscard]] inline std::string without_control_characters(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string shown;
    shown.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f) {
            shown += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
        } else {
            shown += c;
        }
    }
    return shown;
}

/// Bad usage or input: a file, option or parameter that the user can mend. The message says what, where and what to do;
/// programs print it behind its code, and exit with code 2.
class input_error : public std::runtime_error {
  public:
    /// Control characters of the user's text, which the message may quote, are replaced.
    input_error(error_class what_kind, const std::string& message)
        : std::runtime_error(without_control_characters(message)), kind_(what_kind) {}

    [[nodiscard]] error_class kind() const noexcept { return kind_; }

  private:
    error_class kind_;
};

}  // namespace d1
