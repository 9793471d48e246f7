// Four nodes with a routing of its own: column first, then row. A program in the text form runs on them, and the same
// on a die of the library's, whose routing is row first; a square looks the same from either side, so must the bytes
// and the cycles, while the packets take the other two links.

#include <array>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <systemc>
#include <vector>

#include "models/noc/mesh.hpp"
#include "models/noc/router.hpp"
#include "models/program/text.hpp"
#include "platforms/die.hpp"
#include "platforms/node.hpp"

namespace {

using d1::coordinate;
using d1::node_index;
using d1::port;

constexpr d1::grid places{2, 2};
constexpr std::uint32_t bytes = 6400;
constexpr std::uint32_t packets = bytes / 64 + 1;  // the signal goes behind the data

// The node in the north-west sends its block to the one across, which waits for it.
constexpr std::string_view text = R"(d1p 1
program "across"
buffer own address=0 bytes=6400 type=bf16
buffer other address=65536 bytes=6400 type=bf16
semaphores come first=0
thread {
    loop sends = 1 - x - y {
        push to=(1, 1) source=own destination=other row_bytes=6400 notify=come
    }
    loop waits = x + y - 1 {
        wait semaphore=come
    }
}
)";

port column_first(coordinate here, port /*input*/, coordinate destination) {
    if (here.y != destination.y) {
        return destination.y < here.y ? port::north : port::south;
    }
    return destination.x < here.x ? port::west : port::east;
}

class square : public sc_core::sc_module {
  public:
    square(const sc_core::sc_module_name& name, const d1::d1_parameters& parameters)
        : sc_module(name),
          events_("events", d1::timing::clock(sc_core::sc_time(parameters.die.clock_period, sc_core::SC_PS))) {
        const d1::die_surroundings surroundings{routes_, alive_, events_, bursts_};
        std::array<d1::noc::router_base*, 4> routers{};
        for (std::uint32_t i = 0; i < places.size(); ++i) {
            const std::string node_name = "node_" + std::to_string(i);
            nodes_.push_back(
                std::make_unique<d1::node>(node_name.c_str(), node_index{i}, true, surroundings, parameters));
            routers[i] = &nodes_.back()->router();
        }
        d1::noc::connect_mesh(places, routers);
    }

    d1::node& at(node_index n) { return *nodes_[d1::to_number(n)]; }
    [[nodiscard]] bool quiet() const { return events_.empty() && !events_.failure() && bursts_.in_use() == 0; }

  private:
    d1::noc::mesh_routing routes_{d1::noc::route_table(places, {}, column_first)};
    std::vector<bool> alive_ = std::vector<bool>(places.size(), true);
    d1::timing::event_queue events_;
    d1::burst_pool bursts_;
    std::vector<std::unique_ptr<d1::node>> nodes_;
};

/// Host access to a node's SRAM.
void access(d1::node& n, tlm::tlm_command command, std::uint32_t offset, std::vector<unsigned char>& block) {
    tlm::tlm_generic_payload p;
    p.set_command(command);
    p.set_address(offset);
    p.set_data_ptr(block.data());
    p.set_data_length(bytes);
    static_cast<void>(n.interface().mem->transport_dbg(p));
}

int failures = 0;
void expect(bool holds, const std::string& what) {
    std::cout << (holds ? "ok      " : "FAILED  ") << what << "\n";
    failures += holds ? 0 : 1;
}

}  // namespace

int sc_main(int /*argc*/, char* /*argv*/[]) {
    d1::d1_parameters parameters;
    parameters.die.noc.columns = 2;
    parameters.die.noc.rows = 2;
    parameters.die.harvest.dead = {};
    square own("square", parameters);
    d1::die theirs("die", parameters, {.protocol = true});

    const d1::placement where{places, {node_index{0}, node_index{1}, node_index{2}, node_index{3}}};
    const d1::program::program across = d1::program::parse(text, "across.d1p");
    std::vector<unsigned char> block(bytes);
    for (std::uint32_t i = 0; i < bytes; ++i) {
        block[i] = static_cast<unsigned char>(i * 7 + i / 64);
    }
    const node_index first{0};
    const node_index last{3};
    access(own.at(first), tlm::TLM_WRITE_COMMAND, 0, block);
    access(theirs.at(first), tlm::TLM_WRITE_COMMAND, 0, block);
    for (const node_index n : where.nodes) {
        own.at(n).core().launch(across, where, places.at(n));
        theirs.at(n).core().launch(across, where, places.at(n));
    }
    expect(theirs.run().status == d1::run_status::finished, "the program finishes on the die");
    expect(own.quiet(), "nothing is left under way on the square");

    std::vector<unsigned char> arrived(bytes);
    access(own.at(last), tlm::TLM_READ_COMMAND, 65536, arrived);
    expect(arrived == block, "the bytes are across");

    const d1::core& core = own.at(last).core();
    expect(core.finished() && core.finish_cycle() > packets, "the wait ends, later than a cycle a packet");
    expect(core.finish_cycle() == theirs.at(last).core().finish_cycle(),
           "in the same cycle as on the die: " + std::to_string(core.finish_cycle()));

    const auto went = [&](auto& platform, port p) { return platform.at(first).router().packets(p); };
    expect(went(own, port::south) == packets && went(own, port::east) == 0, "on the square they went down the column");
    expect(went(theirs, port::east) == packets && went(theirs, port::south) == 0, "on the die along the row");
    return failures == 0 ? 0 : 1;
}
