#include "testbenches/kernels/collectives.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "models/packet/transfer_cutter.hpp"
#include "models/program/affine.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/basics.hpp"

namespace d1::kernels {

namespace {

using program::affine;
using program::thread_builder;

constexpr std::array<port, 4> directions{port::west, port::east, port::north, port::south};

program::node_reference<affine> towards(port p) {
    const coordinate step = neighbour({0, 0}, p);
    return {program::x() + step.x, program::y() + step.y};
}

/// A piece of the data, inside the loop over them.
struct data_piece {
    affine offset;
    std::uint32_t bytes = 0;
};

/// Makes the program of one kind of nodes.
class collective_generator {
  public:
    collective_generator(const collective& what, const d1_parameters& parameters, std::uint32_t piece_bytes)
        : what_(what),
          piece_bytes_(piece_bytes),
          build_(std::string(name(what.kind)),
                 {parameters.die.node.sram.bytes, parameters.die.node.sram.semaphores, parameters.die.node.core.threads,
                  parameters.die.node.network_interface.barriers}) {}

    [[nodiscard]] std::shared_ptr<const program::program> build() const {
        return std::make_shared<const program::program>(build_.build());
    }

    std::uint32_t broadcast(const tree_place& place) {
        const auto data = place.is_root() ? build_.input_buffer("data", what_.bytes, what_.type)
                                          : build_.buffer("data", what_.bytes, what_.type);
        const auto arrived = build_.semaphores("arrived");
        if (is_alone()) return data.address();
        auto t = build_.thread();
        for_each_piece(t, [&](const data_piece& p) {
            if (!place.is_root()) t.wait(arrived);
            hand_down(t, place, data, arrived, p);
        });
        return data.address();
    }

    std::uint32_t reduce(const tree_place& place) {
        const auto data = build_.input_buffer("data", what_.bytes, what_.type);
        const auto arrived = build_.semaphores("arrived");
        const auto summed = build_.semaphores("summed", directions.size());
        const auto partial = partial_sums();
        if (is_alone()) return data.address();
        auto up = build_.thread();
        const bool hands_down = what_.kind == collective_kind::all_reduce;
        for_each_piece(up, [&](const data_piece& p) {
            for (const port below : directions) {
                if (!place.is_below[to_number(below)]) continue;
                up.wait(summed[to_number(below)]);
                up.vector_operation({.operation = numerics::elementwise_operation::add,
                                     .destination = data + p.offset,
                                     .a = data + p.offset,
                                     .b = *partial[to_number(below)] + p.offset,
                                     .elements = p.bytes / numerics::bytes(what_.type.format),
                                     .destination_type = what_.type,
                                     .a_type = what_.type,
                                     .b_type = what_.type});
            }
            if (!place.is_root()) {
                const std::uint32_t side = to_number(opposite(place.above));
                up.push({.to = towards(place.above),
                         .source = data + p.offset,
                         .destination = *partial[side] + p.offset,
                         .shape = {.rows = 1, .row_bytes = p.bytes},
                         .notify = program::semaphore_update<affine>{summed[side], 1}});
            } else if (hands_down) {
                hand_down(up, place, data, arrived, p);
            }
        });
        if (!place.is_root() && hands_down) {
            auto down = build_.thread();
            for_each_piece(down, [&](const data_piece& p) {
                down.wait(arrived);
                hand_down(down, place, data, arrived, p);
            });
        }
        return data.address();
    }

    /// Returns the addresses of what is sent and of what is received.
    std::pair<std::uint32_t, std::uint32_t> all_to_all() {
        const std::uint32_t nodes = what_.nodes.size();
        const std::uint64_t bytes = std::uint64_t{nodes} * piece_bytes_;
        const auto data = build_.input_buffer("data", bytes, what_.type);
        const auto received = build_.buffer("received", bytes, what_.type);
        const auto arrived = build_.semaphores("arrived");
        const affine own = (program::y() * what_.nodes.columns + program::x()) * piece_bytes_;
        auto t = build_.thread();
        t.copy({.source = data + own, .destination = received + own, .shape = {.rows = 1, .row_bytes = piece_bytes_}});
        const auto send = [&](const affine& x, const affine& y) {
            t.push({.to = {x, y},
                    .source = data + (y * what_.nodes.columns + x) * piece_bytes_,
                    .destination = received + own,
                    .shape = {.rows = 1, .row_bytes = piece_bytes_},
                    .notify = program::semaphore_update<affine>{arrived, 1}});
        };
        const auto send_to_row = [&](const affine& y, std::uint32_t first) {
            {
                const auto east = t.loop(what_.nodes.columns - program::x() - first);
                send(program::x() + first + east, y);
            }
            const auto west = t.loop(program::x());
            send(west, y);
        };
        send_to_row(program::y(), 1);
        {
            const auto south = t.loop(what_.nodes.rows - program::y() - 1);
            send_to_row(program::y() + 1 + south, 0);
        }
        {
            const auto north = t.loop(program::y());
            send_to_row(north, 0);
        }
        if (nodes > 1) t.wait(arrived, nodes - 1);
        return {data.address(), received.address()};
    }

    void barrier() {
        build_.thread().barrier({.number = 0,
                                 .corner = {},
                                 .columns = static_cast<std::uint32_t>(what_.nodes.columns),
                                 .rows = static_cast<std::uint32_t>(what_.nodes.rows)});
    }

  private:
    /// A lone node has nothing to do but to begin and end.
    bool is_alone() {
        if (what_.nodes.size() == 1) barrier();
        return what_.nodes.size() == 1;
    }

    template <typename Body>
    void for_each_piece(thread_builder& t, Body&& body) {
        {
            const auto whole = t.loop(what_.bytes / piece_bytes_);
            body(data_piece{affine(whole) * piece_bytes_, piece_bytes_});
        }
        const std::uint32_t rest = what_.bytes % piece_bytes_;
        if (rest != 0) body(data_piece{what_.bytes - rest, rest});
    }

    void hand_down(thread_builder& t, const tree_place& place, const affine& data, const affine& arrived,
                   const data_piece& p) {
        for (const port below : directions) {
            if (!place.is_below[to_number(below)]) continue;
            t.push({.to = towards(below),
                    .source = data + p.offset,
                    .destination = data + p.offset,
                    .shape = {.rows = 1, .row_bytes = p.bytes},
                    .notify = program::semaphore_update<affine>{arrived, 1}});
        }
    }

    /// Room for what comes from each side; at the same addresses in all nodes, where any has a neighbour there.
    std::array<std::optional<program::buffer_handle>, directions.size()> partial_sums() {
        const coordinate far{what_.nodes.columns - 1, what_.nodes.rows - 1};
        const std::array<bool, directions.size()> is_used{what_.root.x > 0, what_.root.x<far.x, what_.root.y> 0,
                                                          what_.root.y < far.y};
        std::array<std::optional<program::buffer_handle>, directions.size()> partial;
        for (const port p : directions) {
            if (!is_used[to_number(p)]) continue;
            constexpr std::array<const char*, directions.size()> names{"from_west", "from_east", "from_north",
                                                                       "from_south"};
            partial[to_number(p)] = build_.buffer(names[to_number(p)], what_.bytes, what_.type);
        }
        return partial;
    }

    collective what_;
    std::uint32_t piece_bytes_;
    program::program_builder build_;
};

/// The length of a chunk that makes the last node wait least. Over h hops n chunks of c packets take about (h + n)
/// steps of c + o cycles, o being what a step costs besides its packets: least at c^2 = packets x o / h. What is only
/// passed on goes in half bursts at most: the network interface sends several transfers in turn, burst by burst, and a
/// signal behind one waits for its turn too.
std::uint32_t chunk_bytes(const collective& what, const d1_parameters& parameters) {
    const node_parameters& node = parameters.die.node;
    const std::uint32_t hop = node.core.wake_cycles + node.core.issue_cycles + node.network_interface.request_cycles +
                              node.network_interface.arrival_cycles + parameters.die.noc.hop_cycles() +
                              parameters.die.noc.link_cycles();
    const std::uint32_t sum =
        node.core.wake_cycles + 2 * node.core.issue_cycles + node.core.simd_latency + node.sram.load_latency;
    const bool passes_on = what.kind == collective_kind::broadcast;
    const std::uint64_t overhead = passes_on ? hop : hop + sum * directions.size();
    const std::int32_t hops = std::max(what.root.x, what.nodes.columns - 1 - what.root.x) +
                              std::max(what.root.y, what.nodes.rows - 1 - what.root.y);
    const std::uint32_t packets = divide_up(what.bytes, packet_bytes);
    const std::uint32_t half_burst = std::max(1U, node.network_interface.burst_packets / 2);
    const std::uint32_t most = passes_on ? std::min(packets, half_burst) : packets;
    const std::uint64_t square = packets * overhead / static_cast<std::uint64_t>(std::max(hops, 1));
    std::uint32_t chunk = 1;
    while (std::uint64_t{chunk + 1} * (chunk + 1) <= square && chunk < most) ++chunk;
    return chunk * packet_bytes;
}

void check(const collective& what) {
    if (!what.nodes.contains(what.root)) throw std::invalid_argument("the root of a collective is one of its nodes");
    if (what.bytes == 0) throw std::invalid_argument("a collective of no bytes");
    const bool sums = what.kind == collective_kind::reduce_to_one || what.kind == collective_kind::all_reduce;
    if (sums && what.bytes % numerics::bytes(what.type.format) != 0) {
        throw std::invalid_argument(std::to_string(what.bytes) + " B are no whole number of elements of " +
                                    std::string(numerics::name(what.type.format)));
    }
}

}  // namespace

std::string_view name(collective_kind kind) {
    constexpr std::array<std::string_view, 5> names{"broadcast", "reduce_to_one", "all_reduce", "all_to_all",
                                                    "barrier"};
    return names.at(static_cast<std::size_t>(kind));
}

tree_place place_in_tree(grid nodes, coordinate root, coordinate here) {
    // Away from the root along the row, and, as soon as off the trunk, along the column only.
    tree_place place;
    const bool on_trunk = here.y == root.y;
    place.is_below[to_number(port::west)] = on_trunk && here.x <= root.x && here.x > 0;
    place.is_below[to_number(port::east)] = on_trunk && here.x >= root.x && here.x < nodes.columns - 1;
    place.is_below[to_number(port::north)] = here.y <= root.y && here.y > 0;
    place.is_below[to_number(port::south)] = here.y >= root.y && here.y < nodes.rows - 1;
    if (here.y != root.y) {
        place.above = here.y > root.y ? port::north : port::south;
    } else if (here.x != root.x) {
        place.above = here.x > root.x ? port::west : port::east;
    }
    return place;
}

collective_programs::collective_programs(const collective& what, const die& on) {
    check(what);
    job_.where = on.place(what.nodes);
    const bool has_tree = what.kind != collective_kind::all_to_all && what.kind != collective_kind::barrier;
    piece_bytes_ = has_tree ? chunk_bytes(what, on.parameters()) : divide_up(what.bytes, what.nodes.size());
    bytes_ = what.kind == collective_kind::all_to_all ? piece_bytes_ * what.nodes.size() : what.bytes;
    std::map<tree_place, std::size_t> roles;
    for (std::uint32_t i = 0; i < what.nodes.size(); ++i) {
        const coordinate here = what.nodes.at(static_cast<node_index>(i));
        const tree_place place = has_tree ? place_in_tree(what.nodes, what.root, here) : tree_place{};
        const auto [role, is_new] = roles.try_emplace(place, job_.roles.size());
        if (is_new) {
            collective_generator make(what, on.parameters(), piece_bytes_);
            switch (what.kind) {
                case collective_kind::broadcast:
                    data_ = result_ = make.broadcast(place);
                    break;
                case collective_kind::reduce_to_one:
                case collective_kind::all_reduce:
                    data_ = result_ = make.reduce(place);
                    break;
                case collective_kind::all_to_all:
                    std::tie(data_, result_) = make.all_to_all();
                    break;
                case collective_kind::barrier:
                    make.barrier();
                    break;
            }
            job_.roles.push_back({make.build(), {}});
        }
        job_.roles[role->second].members.push_back(here);
    }
}

}  // namespace d1::kernels
