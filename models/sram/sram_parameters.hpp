#pragma once
// Parameters of a node's SRAM: its size, its ports and its semaphores.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// The SRAM of a node. Vector and mesh ports are 64 bytes wide, scalar ports 8. Not modelled: banks and their
/// conflicts, and the correction of errors.
struct sram_parameters {
    std::uint32_t bytes = 1310720;
    std::uint32_t vector_load_ports = 2;
    std::uint32_t vector_store_ports = 1;
    std::uint32_t mesh_read_ports = 1;
    std::uint32_t mesh_write_ports = 1;
    std::uint32_t scalar_load_ports = 1;
    std::uint32_t scalar_store_ports = 1;
    std::uint32_t load_latency = 5;
    std::uint32_t semaphores = 64;
    std::uint32_t power_up_word = 0;
    friend bool operator==(const sram_parameters&, const sram_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(sram_parameters, (),
                      (bytes, vector_load_ports, vector_store_ports, mesh_read_ports, mesh_write_ports,
                       scalar_load_ports, scalar_store_ports, load_latency, semaphores, power_up_word))

inline constexpr std::array<parameter::description, 10> sram_descriptions{{
    {"bytes", "B", 64, 2097152, "size of a node's SRAM, whole lines of 64 B",
     "HC34-U: 1.25 MB a node, read as 1.25 MiB; 354 of them are the published 440 MB", parameter::confidence::primary,
     64},
    {"vector_load_ports", "ports", 1, 4, "loads of 64 B by the core per cycle",
     "C&C22: two load ports of 64 B; they make up the published 400 GB/s", parameter::confidence::transcribed},
    {"vector_store_ports", "ports", 1, 4, "stores of 64 B by the core per cycle",
     "C&C22: one store port of 64 B; it makes up the published 270 GB/s", parameter::confidence::transcribed},
    {"mesh_read_ports", "ports", 1, 4, "reads of 64 B by the network interface per cycle",
     "C&C22: one read port of 64 B to the mesh stop", parameter::confidence::transcribed},
    {"mesh_write_ports", "ports", 1, 4, "writes of 64 B by the network interface per cycle",
     "C&C22: one write port of 64 B to the mesh stop", parameter::confidence::transcribed},
    {"scalar_load_ports", "ports", 1, 4, "loads of 8 B by the core per cycle",
     "HC34 course notes: a 64-bit load path to the integer registers", parameter::confidence::transcribed},
    {"scalar_store_ports", "ports", 1, 4, "stores of 8 B by the core per cycle",
     "HC34 course notes: a 64-bit store path from the integer registers", parameter::confidence::transcribed},
    {"load_latency", "cycles", 1, 1000, "from a load's address to its data", "C&C22: an outsider's estimate, about 5",
     parameter::confidence::secondary},
    {"semaphores", "counters", 1, 65536, "32-bit counters of a node for waiting and signalling",
     "assumption: semaphores are published, their number is not", parameter::confidence::assumed},
    {"power_up_word", "number", 0, 4294967295.0,
     "what each aligned 4 bytes hold at power-up and after a reset; 4294967295 is NaN",
     "modelling: zero hides what was never written, a pattern shows it", parameter::confidence::modelling},
}};

constexpr std::span<const parameter::description> describe_parameters(const sram_parameters*) noexcept {
    return sram_descriptions;
}

}  // namespace d1
