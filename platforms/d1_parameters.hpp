#pragma once
// Every parameter of a simulation of the D1, as one tree of plain structs. The default values are the D1 preset;
// presets/d1.yaml is the same in writing. The tree's member names are the paths of docs/configuration.md.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/core_parameters.hpp"
#include "models/noc/mesh_faults.hpp"
#include "models/noc/network_interface_parameters.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/numerics/arithmetic.hpp"
#include "models/packet/coordinate.hpp"
#include "models/parameter/parameter.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/sram/sram_parameters.hpp"
#include "models/statistics/energy_parameters.hpp"
#include "platforms/area_parameters.hpp"

namespace d1::numerics {

BOOST_DESCRIBE_ENUM(denormal_reading, gradual, printed)
BOOST_DESCRIBE_ENUM(accumulator_format, fp32, fp21)
BOOST_DESCRIBE_STRUCT(arithmetic, (),
                      (keep_subnormals, cfloat_denormals, keep_uhp_denormals, accumulator, rounding_seed))

inline constexpr std::array<parameter::description, 5> arithmetic_descriptions{{
    parameter::choice("keep_subnormals", "", "whether subnormal numbers are kept; if not, they become zero",
                      "assumption: CFP keeps the denormals of CFloat8; for BF16 and FP32 nothing is published",
                      parameter::confidence::assumed),
    parameter::choice("cfloat_denormals", "",
                      "what a CFloat's denormal stands for: 0.M x 2^(1 - bias) without a gap, or 0.M x 2^(-bias)",
                      "assumption: CFP p. 6 prints the second, but promises gradual underflow, which needs the first",
                      parameter::confidence::assumed),
    parameter::choice("keep_uhp_denormals", "", "whether CFloat16 UHP has denormals; if not, they become zero",
                      "assumption: CFP names normals and zeros; the sentence on denormals is cut off in every copy",
                      parameter::confidence::assumed),
    parameter::choice("accumulator", "", "the matrix unit's accumulator: FP32, or 1 sign, 7 exponent, 13 mantissa bits",
                      "assumption: usual practice; P-615 claims 3-4 name the 21 bits, not for D1 in particular",
                      parameter::confidence::assumed),
    {"rounding_seed", "", 0, 18446744073709551615.0, "seed of stochastic rounding",
     "modelling: any number; CFP p. 7 asks for the same result with the same seed", parameter::confidence::modelling},
}};
constexpr std::span<const parameter::description> describe_parameters(const arithmetic*) noexcept {
    return arithmetic_descriptions;
}

}  // namespace d1::numerics

namespace d1 {

/// Which nodes of a die do not work.
struct harvest_parameters {
    std::vector<coordinate> dead = {{3, 2}, {14, 5}, {6, 8}, {11, 12}, {1, 15}, {16, 17}};
    bool dead_router = true;
    std::vector<place_pair> dead_links{};
    friend bool operator==(const harvest_parameters&, const harvest_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(harvest_parameters, (), (dead, dead_router, dead_links))

/// A node: a core, its memory and its way to the mesh.
struct node_parameters {
    core_parameters core;
    sram_parameters sram;
    network_interface_parameters network_interface;
    friend bool operator==(const node_parameters&, const node_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(node_parameters, (), (core, sram, network_interface))

/// A D1 die: nodes on a mesh, all alike.
struct die_parameters {
    std::uint32_t clock_period = 500;
    noc_parameters noc;
    harvest_parameters harvest;
    node_parameters node;
    friend bool operator==(const die_parameters&, const die_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(die_parameters, (), (clock_period, noc, harvest, node))

/// How to simulate: nothing here is a property of the hardware.
struct simulation_parameters {
    timing_kind timing = timing_kind::at;
    std::uint32_t quantum = 1000;
    bool functional = true;
    std::uint64_t watchdog = 100000;
    std::uint64_t seed = 1;
    friend bool operator==(const simulation_parameters&, const simulation_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(simulation_parameters, (), (timing, quantum, functional, watchdog, seed))

/// Everything that can be set; see configuration.hpp for reading and writing it.
struct d1_parameters {
    die_parameters die;
    numerics::arithmetic arithmetic;
    energy_parameters energy;
    area_parameters area;
    simulation_parameters simulation;
    friend bool operator==(const d1_parameters&, const d1_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(d1_parameters, (), (die, arithmetic, energy, area, simulation))

inline constexpr std::array<parameter::description, 3> harvest_descriptions{{
    parameter::choice("dead", "[x, y]", "nodes that do not work, column from the west and row from the north",
                      "assumption: 354 of 360 work; the positions are unpublished, here spread with no two adjacent",
                      parameter::confidence::assumed),
    parameter::choice("dead_router", "", "whether a dead node's router is dead too, so that nothing passes it",
                      "assumption: the safer reading; HC34-S says that dead nodes can be routed around",
                      parameter::confidence::assumed),
    parameter::choice("dead_links", "[[x, y], [x, y]]",
                      "links between neighbours that do not work, in either direction", "assumption: none is published",
                      parameter::confidence::assumed),
}};
inline constexpr std::array<parameter::description, 3> node_descriptions{{
    parameter::group("core", "threads, matrix and SIMD units"),
    parameter::group("sram", "memory, ports and semaphores"),
    parameter::group("network_interface", "transfers between SRAMs"),
}};
inline constexpr std::array<parameter::description, 4> die_descriptions{{
    {"clock_period", "ps", 10, 1000000, "period of the clock of everything on the die", "C&C22: 362 TFLOPS at 2 GHz",
     parameter::confidence::transcribed},
    parameter::group("noc", "the mesh"),
    parameter::group("harvest", "nodes that do not work"),
    parameter::group("node", "every node"),
}};
inline constexpr std::array<parameter::description, 5> simulation_descriptions{{
    parameter::choice(
        "timing", "", "timing level: lt without contention, at with it burst by burst, ca with it packet by packet",
        "modelling: at counts contention, and takes a fraction of the time of ca", parameter::confidence::modelling),
    {"quantum", "cycles", 1, 1000000000, "how far a thread may run ahead at lt; used at lt alone",
     "modelling: long enough to be fast", parameter::confidence::modelling},
    parameter::choice("functional", "", "whether data are computed and moved; off changes no time",
                      "modelling: results can then be checked", parameter::confidence::modelling),
    {"watchdog", "cycles", 1000, 1000000000,
     "at ca, cycles in which no packet moves and nothing else happens before the run ends as a deadlock",
     "modelling: far beyond the longest wait for an arbiter", parameter::confidence::modelling},
    {"seed", "", 0, 18446744073709551615.0, "seed of every random choice", "modelling: any number",
     parameter::confidence::modelling},
}};
inline constexpr std::array<parameter::description, 5> d1_descriptions{{
    parameter::group("die", "the D1 die"),
    parameter::group("arithmetic", "numbers in every unit"),
    parameter::group("energy", "what events cost in energy"),
    parameter::group("area", "what the parts of a node cost in area"),
    parameter::group("simulation", "how to simulate; no property of the hardware"),
}};

// clang-format off
constexpr std::span<const parameter::description> describe_parameters(const harvest_parameters*) noexcept { return harvest_descriptions; }
constexpr std::span<const parameter::description> describe_parameters(const node_parameters*) noexcept { return node_descriptions; }
constexpr std::span<const parameter::description> describe_parameters(const die_parameters*) noexcept { return die_descriptions; }
constexpr std::span<const parameter::description> describe_parameters(const simulation_parameters*) noexcept { return simulation_descriptions; }
constexpr std::span<const parameter::description> describe_parameters(const d1_parameters*) noexcept { return d1_descriptions; }
// clang-format on

/// Tells where the value of a path was set, as in "run.yaml:12".
using origin_finder = std::function<std::string(std::string_view path)>;

/// What of the mesh is dead.
[[nodiscard]] noc::mesh_faults faults_of(const harvest_parameters& harvest);

/// Checks the parameters as a whole: every value in its range, dead nodes and links inside the grid and none twice, a
/// live node, a routing policy that suits the channels and the faults, a matrix unit of a shape that
/// its kernels know. Whether the
/// live nodes are connected is not looked at: the mesh's routing finds that out. \param origin if given, each parameter
/// that is named is followed by where it was set \throws input_error that names the parameters which do not go
/// together, their values and what to do
void validate(const d1_parameters& parameters, const origin_finder& origin = {});

}  // namespace d1
