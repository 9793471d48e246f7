#pragma once
// What a block says about its own parameters: every member of a parameter struct has a unit, a range, a meaning, a
// source and the confidence in that source. The structs are plain; Boost.Describe lists their members and
// `describe_parameters`, found by argument-dependent look-up, returns one description a member.

#include <boost/describe.hpp>
#include <span>
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

/// One member of a parameter struct, as its block describes it.
struct description {
    std::string_view name;     ///< the member's name, as in the struct and in a path such as die.noc.columns
    std::string_view unit;     ///< "" for a pure number, a switch or a name
    double minimum = 0;        ///< least value allowed; not used for switches, names and lists
    double maximum = 0;        ///< greatest value allowed
    std::string_view meaning;  ///< one line
    std::string_view source;   ///< where the default is from
    parameter::confidence confidence = confidence::assumed;
};

}  // namespace d1::parameter
