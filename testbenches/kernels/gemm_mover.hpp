#pragma once
// The part of a node's program that moves one operand of a matrix product. Private to gemm_program.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "models/program/affine.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/gemm_program.hpp"

namespace d1::kernels::detail {

using program::affine;
using program::thread_builder;

/// A sub-block of a panel, inside the loop over those of its size: behind `larger` sub-blocks of one block more than
/// the others and `smaller` others.
struct sub_block {
    affine larger;
    affine smaller;
    std::uint32_t blocks = 0;
    std::uint32_t small_blocks = 0;  ///< of the others

    /// Blocks before it.
    [[nodiscard]] affine before() const { return larger * (small_blocks + 1) + smaller * small_blocks; }
};

/// A chunk of K, inside the loops over it.
struct chunk {
    affine number;
    affine slot;
    std::uint32_t steps = 0;
};

/// Emits `body` for `count` whole chunks from number `first` on, which lies in slot 0 of `slots` (0: there are none).
template <typename Body>
void for_chunks(thread_builder& t, const affine& first, std::uint32_t count, std::uint32_t slots, std::uint32_t steps,
                Body&& body) {
    if (slots == 0) {
        if (count == 0) return;
        const auto i = t.loop(count);
        body(chunk{first + i, 0, steps});
        return;
    }
    if (count >= slots) {
        const auto round = t.loop(count / slots);
        const auto slot = t.loop(slots);
        body(chunk{first + affine(round) * slots + slot, slot, steps});
    }
    if (count % slots != 0) {
        const auto slot = t.loop(count % slots);
        body(chunk{first + count / slots * slots + slot, slot, steps});
    }
}

/// Emits `body` for `count` whole chunks from number `first` on and, if it is not empty, the tail behind them.
template <typename Body>
void for_last_chunks(thread_builder& t, const affine& first, std::uint32_t count, std::uint32_t slots, const k_split& k,
                     Body&& body) {
    for_chunks(t, first, count, slots, k.chunk, body);
    if (k.tail() != 0) {
        body(chunk{first + count, slots == 0 ? 0 : count % slots, k.tail()});
    }
}

/// How an operand goes through a node.
class mover {
  public:
    /// `along` is one step along the chain, `across` one to the next group.
    struct directions {
        coordinate along;
        coordinate across;
    };

    /// Lays out the operand's buffer and semaphores. `blocks` are those of the panel's part of this node.
    mover(program::program_builder& build, const std::string& name, const panel_layout& panel,
          const operand_place& place, std::uint64_t bytes, std::uint32_t slots, const directions& to);
    /// Lays out the slots; `drained` counts, slot by slot, those who need what is in it no more.
    void stream(program::program_builder& build, const std::string& name, const program::semaphore_handle& drained);

    [[nodiscard]] bool moves() const { return panel_.moves(); }
    [[nodiscard]] bool passes_slots() const { return panel_.passes_slots(); }
    [[nodiscard]] std::uint32_t address() const { return operand_.address(); }
    /// How many hand-overs of a slot's bytes must end before it is free.
    [[nodiscard]] std::uint64_t hand_overs(const sub_block& s, const chunk& c) const {
        const std::uint64_t takers =
            (place_.has_before && place_.has_after ? 1U : 0U) + (place_.has_group_after ? 1U : 0U);
        return passes_slots() ? takers * panel_.piece_count(s.blocks, c.steps) : 0;
    }

    /// Where a chunk lies when it is multiplied.
    [[nodiscard]] affine at(const sub_block& s, const chunk& c) const {
        return passes_slots() ? *slots_ + c.slot * panel_.slot_bytes() : held(s, c);
    }
    /// Waits until the next chunk, in the order of K, is there.
    void wait_for_chunk(thread_builder& t) const {
        if (ready_) t.wait(*ready_);
    }
    /// Emits the movement of a sub-block's chunks, in the order of K.
    void move(thread_builder& t, const sub_block& s) const;
    /// Tells all who wait for it that a slot is free.
    void free_slot(thread_builder& t, const affine& slot) const;

  private:
    /// Whom a node has to do with.
    enum party : std::uint8_t { before, after, group_before, group_after, itself };
    static constexpr std::size_t parties = 5;

    [[nodiscard]] bool has(party p) const;
    [[nodiscard]] program::node_reference<affine> where(party p) const;
    /// What the other calls this node.
    [[nodiscard]] static party seen_from(party p);
    [[nodiscard]] static bool takes_from_us(party p) { return p != group_before; }
    [[nodiscard]] static bool gives_to_us(party p) { return p != group_after; }

    /// Nodes that an owner hands its own chunks to.
    [[nodiscard]] std::uint32_t takers_of_own() const {
        return (place_.has_before ? 1U : 0U) + (place_.has_after ? 1U : 0U) + (place_.has_group_after ? 1U : 0U);
    }
    [[nodiscard]] affine held(const sub_block& s, const chunk& c) const;
    void move_segment(thread_builder& t, const sub_block& s, party from, const affine& first, const affine& owners,
                      bool with_last) const;
    void hand_on(thread_builder& t, const sub_block& s, party from, const chunk& c) const;
    void hand_on_piece(thread_builder& t, party from, const affine& source, const affine& destination,
                       const affine& slot, std::uint32_t bytes) const;

    const panel_layout& panel_;
    const operand_place& place_;
    std::uint32_t slot_count_;
    directions to_;
    affine position_;
    program::buffer_handle operand_;
    std::optional<program::buffer_handle> slots_;
    std::array<std::optional<program::semaphore_handle>, parties> arrived_;  // by who sends
    std::array<std::optional<program::semaphore_handle>, parties> free_;     // by whose slots
    std::optional<program::semaphore_handle> ready_;
    std::optional<program::semaphore_handle> sent_;  ///< of the owner's own pieces, if they need not wait for slots
    std::optional<program::semaphore_handle> drained_;
};

}  // namespace d1::kernels::detail
