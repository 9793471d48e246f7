#include "testbenches/kernels/gemm_mover.hpp"

#include "models/packet/transfer_cutter.hpp"

namespace d1::kernels::detail {

using program::semaphore_update;

mover::mover(program::program_builder& build, const std::string& name, const panel_layout& panel,
             const operand_place& place, std::uint64_t bytes, std::uint32_t slots, const directions& to)
    : panel_(panel),
      place_(place),
      slot_count_(panel.passes_slots() ? slots : 0),
      to_(to),
      position_((to.along.x != 0 ? program::x() : program::y()) - place.first),
      operand_(build.input_buffer(name, bytes, panel.type)) {
    if (!moves()) return;
    ready_ = build.semaphores(name + "_ready");
    for (const party p : {before, after, group_before}) {
        if (p == group_before ? panel.fans > 1 : panel.chain > 1) {
            constexpr std::array<const char*, parties> names{"_from_before", "_from_after", "_from_group"};
            arrived_[p] = build.semaphores(name + names[p]);
        }
    }
    if (!panel.streamed) {
        const std::uint32_t left = place.owns == ownership::none ? 0 : panel_layout::pieces_at_once * takers_of_own();
        sent_ = build.semaphores(name + "_sent", 1, left);
    }
}

void mover::stream(program::program_builder& build, const std::string& name, const program::semaphore_handle& drained) {
    slots_ = build.buffer(name + "_slots", slot_count_ * panel_.slot_bytes(), panel_.type);
    drained_ = drained;
    for (const party p : {before, after, group_after, itself}) {
        if (p == itself || (p == group_after ? panel_.fans > 1 : panel_.chain > 1)) {
            constexpr std::array<const char*, parties> names{"_free_before", "_free_after", "", "_free_group", "_free"};
            // The slots of the last round stay free.
            free_[p] = build.semaphores(name + names[p], slot_count_, has(p) ? 1 : 0);
        }
    }
}

bool mover::has(party p) const {
    switch (p) {
        case before:
            return place_.has_before;
        case after:
            return place_.has_after;
        case group_before:
            return place_.has_group_before;
        case group_after:
            return place_.has_group_after;
        case itself:
            break;
    }
    return true;
}

program::node_reference<affine> mover::where(party p) const {
    const coordinate step = p == before || p == after ? to_.along : to_.across;
    const std::int32_t sign = p == before || p == group_before ? -1 : 1;
    return {program::x() + sign * step.x, program::y() + sign * step.y};
}

mover::party mover::seen_from(party p) {
    constexpr std::array<party, parties> opposite{after, before, group_after, group_before, itself};
    return opposite[p];
}

affine mover::held(const sub_block& s, const chunk& c) const {
    return operand_ + s.larger * panel_.sub_block_bytes(s.small_blocks + 1) +
           s.smaller * panel_.sub_block_bytes(s.small_blocks) + c.number * panel_.chunk_bytes(s.blocks, panel_.k.chunk);
}

void mover::move(thread_builder& t, const sub_block& s) const {
    const std::uint32_t whole_owners = panel_.owners() - 1;
    if (sent_ && place_.owns != ownership::none && takers_of_own() != 0) {
        t.signal(*sent_, panel_layout::pieces_at_once * takers_of_own());
    }
    if (place_.has_group_before) {
        move_segment(t, s, group_before, 0, whole_owners, true);
        return;
    }
    const bool is_last = place_.owns == ownership::last;
    const bool is_whole = place_.owns == ownership::whole;
    if (place_.has_before) move_segment(t, s, before, 0, is_whole ? position_ : whole_owners, !is_whole && !is_last);
    if (is_whole) move_segment(t, s, itself, position_, 1, false);
    if (is_last) move_segment(t, s, itself, whole_owners, 0, true);
    if (is_whole) move_segment(t, s, after, position_ + 1, whole_owners - 1 - position_, true);
}

void mover::move_segment(thread_builder& t, const sub_block& s, party from, const affine& first, const affine& owners,
                         bool with_last) const {
    const auto body = [&](const chunk& c) { hand_on(t, s, from, c); };
    const auto chunks_of = [&](const affine& owner) {
        for_chunks(t, owner * panel_.per_owner, panel_.per_owner, slot_count_, panel_.k.chunk, body);
    };
    if (owners == affine(1)) {
        chunks_of(first);
    } else if (owners != affine(0)) {
        const auto owner = t.loop(owners);
        chunks_of(first + owner);
    }
    if (with_last) {
        for_last_chunks(t, (panel_.owners() - 1) * panel_.per_owner, panel_.last_whole(), slot_count_, panel_.k, body);
    }
}

void mover::hand_on(thread_builder& t, const sub_block& s, party from, const chunk& c) const {
    if (passes_slots()) {
        for (const party p : {before, after, group_after, itself}) {
            if (has(p)) t.wait(*free_[p] + c.slot);
        }
    }
    const std::uint64_t bytes = panel_.chunk_bytes(s.blocks, c.steps);
    const affine destination = at(s, c);
    affine source = destination;
    if (from == itself && passes_slots()) {
        // The buffer holds the chunks of one owner.
        const affine own = panel_.holds_shares() ? position_ * panel_.per_owner : affine(0);
        source = held(s, {c.number - own, c.slot, c.steps});
        t.copy({.source = source,
                .destination = destination,
                .shape = {.rows = 1, .row_bytes = static_cast<std::uint32_t>(bytes)}});
    }
    const auto lines = static_cast<std::uint32_t>(bytes / packet_bytes);
    const auto piece = static_cast<std::uint32_t>(panel_.piece_packets(s.blocks, c.steps));
    if (piece < lines) {
        const auto i = t.loop(lines / piece);
        const affine offset = affine(i) * (piece * packet_bytes);
        hand_on_piece(t, from, source + offset, destination + offset, c.slot, piece * packet_bytes);
    }
    if (const std::uint32_t rest = piece < lines ? lines % piece : lines; rest != 0) {
        const std::uint32_t offset = (lines - rest) * packet_bytes;
        hand_on_piece(t, from, source + offset, destination + offset, c.slot, rest * packet_bytes);
    }
    t.signal(*ready_);
    if (from == itself && hand_overs(s, c) != 0) {
        t.signal(*drained_ + c.slot, hand_overs(s, c));  // what is handed on is the original, not the copy
    }
}

void mover::hand_on_piece(thread_builder& t, party from, const affine& source, const affine& destination,
                          const affine& slot, std::uint32_t bytes) const {
    if (from != itself) {
        t.wait(*arrived_[from]);
    } else if (sent_ && takers_of_own() != 0) {
        t.wait(*sent_, takers_of_own());
    }
    for (const party p : {before, after, group_after}) {
        if (p == from || !has(p)) continue;
        program::push<affine> push{.to = where(p),
                                   .source = source,
                                   .destination = destination,
                                   .shape = {.rows = 1, .row_bytes = bytes},
                                   .notify = semaphore_update<affine>{*arrived_[seen_from(p)], 1}};
        if (from != itself && passes_slots()) push.done = semaphore_update<affine>{*drained_ + slot, 1};
        if (from == itself && sent_) push.done = semaphore_update<affine>{*sent_, 1};
        t.push(push);
    }
}

void mover::free_slot(thread_builder& t, const affine& slot) const {
    if (!passes_slots()) return;
    for (const party p : {before, after, group_before}) {
        if (has(p)) t.signal(where(p), *free_[seen_from(p)] + slot);
    }
    t.signal(*free_[itself] + slot);
}

}  // namespace d1::kernels::detail
