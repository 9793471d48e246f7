// What a machine counts.

#include "models/core/pipeline/machine.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1::pipeline {

namespace {
constexpr std::uint32_t scalar_port_bytes = 8;
}  // namespace

std::uint64_t machine_counts::total_cycles() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t c : cycles) {
        sum += c;
    }
    return sum;
}

std::uint64_t machine_counts::loaded_bytes() const noexcept {
    return packet_bytes * (vector_loads + mesh_reads) + scalar_port_bytes * scalar_loads;
}

std::uint64_t machine_counts::stored_bytes() const noexcept {
    return packet_bytes * (vector_stores + mesh_writes) + scalar_port_bytes * scalar_stores;
}

namespace {

/// Calls `visit` with each counter of one and the same of another.
void for_each_counter(machine_counts& a, const machine_counts& b, const auto& visit) {
    for (std::size_t c = 0; c < cycle_class_count; ++c) {
        visit(a.cycles[c], b.cycles[c]);
    }
    for (std::size_t c = 0; c < shut_stretches::class_count; ++c) {
        visit(a.loads_shut.cycles[c], b.loads_shut.cycles[c]);
    }
    for (const auto member :
         {&machine_counts::fetched, &machine_counts::decoded, &machine_counts::scalar, &machine_counts::scalar_loads,
          &machine_counts::scalar_stores, &machine_counts::vector_loads, &machine_counts::vector_stores,
          &machine_counts::mesh_reads, &machine_counts::mesh_writes, &machine_counts::granules, &machine_counts::simd,
          &machine_counts::matrix, &machine_counts::refills}) {
        visit(a.*member, b.*member);
    }
}

}  // namespace

machine_counts& machine_counts::add(const machine_counts& more, std::uint64_t times) noexcept {
    for_each_counter(*this, more, [times](std::uint64_t& a, std::uint64_t b) { a += times * b; });
    return *this;
}

machine_counts machine_counts::since(const machine_counts& before) const noexcept {
    machine_counts d = *this;
    for_each_counter(d, before, [](std::uint64_t& a, std::uint64_t b) { a -= b; });
    return d;
}

}  // namespace d1::pipeline
