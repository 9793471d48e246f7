#include "testbenches/d1sim/map_text.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "models/packet/address_map.hpp"

namespace d1 {

std::string address_map_text(const d1_parameters& parameters) {
    const die_parameters& die = parameters.die;
    const grid places{static_cast<std::int32_t>(die.noc.columns), static_cast<std::int32_t>(die.noc.rows)};
    const std::vector<coordinate>& dead = die.harvest.dead;
    std::ostringstream text;
    text << "An address is tile | die | node | offset, " << address_map::tile_bits << " + " << address_map::die_bits
         << " + " << address_map::node_bits << " + " << address_map::offset_bits
         << " bits. A node has a window of 2 MiB, and its SRAM the beginning of it.\n"
            "What is not listed is not mapped; an access there is answered with an address error.\n\n";
    const auto line = [&text](std::uint64_t first, std::uint64_t last, const std::string& what) {
        text << std::hex << std::setfill('0') << "0x" << std::setw(12) << first << " .. 0x" << std::setw(12) << last
             << std::dec << "  " << what << "\n";
    };
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        const auto n = static_cast<node_index>(i);
        const coordinate c = places.at(n);
        const bool is_dead = std::find(dead.begin(), dead.end(), c) != dead.end();
        std::ostringstream what;
        what << "tile 0, die 0, node[" << c.x << "," << c.y << "]";
        if (is_dead) {
            what << ": dead, not mapped";
        } else {
            what << ": SRAM, " << die.node.sram.bytes << " B";
        }
        line(address_map::encode({0, 0, n, 0}), address_map::encode({0, 0, n, die.node.sram.bytes - 1}), what.str());
    }
    line(address_map::encode({0, 1, node_index{0}, 0}), address_map::sram_last,
         "dies 1 to " + std::to_string((1U << address_map::die_bits) - 1) + " of tile 0, tiles 1 to " +
             std::to_string((1U << address_map::tile_bits) - 1) + ": reserved");
    line(address_map::dip_first, address_map::dip_last, "DIP memory: reserved");
    return text.str();
}

}  // namespace d1
