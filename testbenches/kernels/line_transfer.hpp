#pragma once
// Passing data along a line of nodes from neighbour to neighbour, so that each
// link carries it once.

#include <cstdint>
#include <optional>

#include "models/program/builder.hpp"

namespace d1::kernels {

/// What is passed on goes in pieces of so many bytes.
inline constexpr std::uint32_t transfer_piece = 2048;

/// Pieces of `bytes`: as often `arrived` is signalled at each node but the
/// first.
[[nodiscard]] constexpr std::uint32_t transfer_pieces(std::uint64_t bytes) {
    return static_cast<std::uint32_t>((bytes + transfer_piece - 1) / transfer_piece);
}

/// Passes `bytes` from `address` on to the same place of the next node of a
/// line, if there is one, piece by piece as they arrive; the first node has
/// them.
inline void pass_on(program::thread_builder& t, const program::affine& address, std::uint64_t bytes,
                    const std::optional<program::node_reference<program::affine>>& next, bool is_first,
                    const program::semaphore_handle& arrived) {
    if (is_first && !next) return;
    const auto piece = [&](const program::affine& from, std::uint32_t size) {
        if (!is_first) t.wait(arrived);
        if (next) {
            t.push({.to = *next,
                    .source = from,
                    .destination = from,
                    .shape = {.rows = 1, .row_bytes = size},
                    .notify = program::semaphore_update<program::affine>{arrived, 1}});
        }
    };
    const auto whole = static_cast<std::uint32_t>(bytes / transfer_piece);
    const auto rest = static_cast<std::uint32_t>(bytes % transfer_piece);
    if (whole != 0) {
        const auto n = t.loop(whole);
        piece(address + n * transfer_piece, transfer_piece);
    }
    if (rest != 0) piece(address + program::affine(whole * std::uint64_t{transfer_piece}), rest);
}

}  // namespace d1::kernels
