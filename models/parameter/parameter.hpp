#pragma once
// What a block says about its own parameters. A parameter struct is a plain struct of counts, switches, enums and other
// parameter structs, listed by Boost.Describe. Beside it stands
//
//     constexpr std::span<const parameter::description> describe_parameters(const noc_parameters*) noexcept;
//
// found by argument-dependent look-up: one description a member, in the order of the members. Whoever reads the structs
// (platforms/configuration.hpp) checks at compile time that names and order agree.

#include <boost/describe.hpp>  // for the structs beside
#include <span>
#include <string>
#include <string_view>

namespace d1::parameter {

/// How far a default can be trusted.
enum class confidence : char {
    primary = 'P',      ///< read in a primary text
    transcribed = 'T',  ///< from a Tesla talk or slide, read through somebody's transcription
    secondary = 'S',    ///< an analyst's or the press's statement
    derived = 'D',      ///< arithmetic on primary or transcribed figures
    repeated = 'R',     ///< widely repeated, found in no text that could be read
    assumed = 'A',      ///< an assumption of this model
    modelling = 'M'     ///< no property of the hardware: a choice of how to simulate it
};

/// The name of a file that a parameter refers to, as given: relative to where the program runs. Empty: none.
struct file_name {
    std::string path;
    friend bool operator==(const file_name&, const file_name&) = default;
};

/// One member of a parameter struct, as its block describes it. For a member that is itself a parameter struct only the
/// name and the meaning are used (see group()).
struct description {
    std::string_view name{};     ///< the member's name, as in the struct and in a path such as die.noc.columns
    std::string_view unit{};     ///< "" for a pure number, a switch or a name
    double minimum = 0;          ///< least value allowed; not used for switches, names and lists
    double maximum = 0;          ///< greatest value allowed, as far as the member's type can hold it
    std::string_view meaning{};  ///< one line
    std::string_view source{};   ///< where the default is from
    parameter::confidence confidence = parameter::confidence::assumed;
    double step = 1;  ///< a count must be a multiple of this
};

/// A member that is a parameter struct of its own.
[[nodiscard]] constexpr description group(std::string_view name, std::string_view meaning) noexcept {
    return {.name = name, .meaning = meaning};
}

/// A switch, a name or a list: no range.
[[nodiscard]] constexpr description choice(std::string_view name, std::string_view unit, std::string_view meaning,
                                           std::string_view source, parameter::confidence trust) noexcept {
    return {.name = name, .unit = unit, .meaning = meaning, .source = source, .confidence = trust};
}

}  // namespace d1::parameter
