#include "testbenches/kernels/gemm_link_loads.hpp"

#include <algorithm>

namespace d1::kernels::detail {

namespace {

/// Calls `send(from, to)`, in logical coordinates, for each hand-over of what the owner in place `owner` has of each
/// panel. `along` is one step along a chain, `across` one to the next group, `width` lines make a group.
template <typename Send>
void for_hand_overs(const panel_layout& panel, std::uint32_t owner, coordinate along, coordinate across,
                    std::uint32_t width, grid nodes, Send&& send) {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const coordinate here = nodes.at(static_cast<node_index>(i));
        const auto position = static_cast<std::uint32_t>(along.x != 0 ? here.x : here.y) % panel.chain;
        const auto group = static_cast<std::uint32_t>(along.x != 0 ? here.y : here.x) / width;
        if (group + 1 < panel.fans) {
            send(here, coordinate{here.x + across.x, here.y + across.y});
        }
        if (group == 0 && position + 1 < panel.chain) {
            const coordinate next{here.x + along.x, here.y + along.y};
            position >= owner ? send(here, next) : send(next, here);
        }
    }
}

}  // namespace

link_loads::link_loads(const gemm_plan& plan, bool is_spread, const die& on) {
    const placement where = on.place(plan.nodes());
    const std::uint32_t count = is_spread ? std::min(std::max(plan.a.chain, plan.b.chain), most_phases) : 1;
    for (std::uint32_t phase = 0; phase < count; ++phase) {
        const auto owner = [&](std::uint32_t chain) { return is_spread ? (2 * phase + 1) * chain / (2 * count) : 0; };
        add_phase(plan, owner(plan.a.chain), owner(plan.b.chain), where, on);
    }
}

void link_loads::add_phase(const gemm_plan& plan, std::uint32_t a_owner, std::uint32_t b_owner, const placement& where,
                           const die& on) {
    std::vector<load> links(std::size_t{on.places().size()} * port_count);
    const auto carry = [&](std::uint32_t load::*operand) {
        return [&, operand](coordinate from, coordinate to) {
            const node_index destination = where.at(to);
            port input = port::local;
            for (node_index here = where.at(from); here != destination;) {
                const port output = on.routes().next(here, input, destination);
                ++(links[std::size_t{to_number(here)} * port_count + to_number(output)].*operand);
                here = on.places().index(neighbour(on.places().at(here), output));
                input = opposite(output);
            }
        };
    };
    const auto a_chain = static_cast<std::int32_t>(plan.a.chain);
    const auto b_chain = static_cast<std::int32_t>(plan.b.chain);
    for_hand_overs(plan.a, a_owner, {1, 0}, {0, b_chain}, plan.b.chain, plan.nodes(), carry(&load::a));
    for_hand_overs(plan.b, b_owner, {0, 1}, {a_chain, 0}, plan.a.chain, plan.nodes(), carry(&load::b));
    std::ranges::sort(links, [](const load& l, const load& r) { return l.a != r.a ? l.a > r.a : l.b > r.b; });
    auto& kept = phases_.emplace_back();
    for (const load& l : links) {
        if (kept.empty() || l.b > kept.back().b) {
            kept.push_back(l);
        }
    }
}

std::uint64_t link_loads::busiest(std::uint64_t a_packets, std::uint64_t b_packets, std::uint64_t burst,
                                  std::uint64_t depth) const {
    std::uint64_t sum = 0;
    for (const auto& loads : phases_) {
        std::uint64_t most = 0;
        for (const load& l : loads) {
            const std::uint64_t others = std::min(2U, std::max(1U, l.a + l.b) - 1);
            const std::uint64_t cycles = l.a * a_packets + l.b * b_packets;
            most = std::max(most, cycles + cycles * others * burst / (16 * depth));
        }
        sum += most;
    }
    return sum / phases_.size();
}

}  // namespace d1::kernels::detail
