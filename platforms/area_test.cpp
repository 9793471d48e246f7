#include "platforms/area.hpp"

#include <gtest/gtest.h>

namespace d1 {
namespace {

TEST(area, of_the_default_node_is_the_published_1_30_square_millimetres) {
    EXPECT_EQ(area_of({}).total(), 1300000);
    EXPECT_EQ(relative_area({}), 1);
}

TEST(area, grows_with_each_part_by_what_it_costs_and_with_nothing_else) {
    const node_area d1 = area_of({});
    d1_parameters twice;
    twice.die.node.core.matrix_steps_per_cycle *= 2;
    EXPECT_EQ(area_of(twice).total(), d1.total() + d1.matrix);
    twice = {};
    twice.die.node.core.simd_lanes *= 2;
    EXPECT_EQ(area_of(twice).total(), d1.total() + d1.simd);
    twice = {};
    twice.die.node.sram.bytes *= 2;
    EXPECT_EQ(area_of(twice).total(), d1.total() + d1.sram);
    twice = {};
    twice.die.node.sram.vector_load_ports += 1;
    EXPECT_EQ(area_of(twice).total(), d1.total() + twice.area.sram_port);
    twice = {};
    twice.die.noc.buffer_depth *= 2;
    EXPECT_EQ(area_of(twice).total(), d1.total() + d1.buffers);
    twice = {};
    twice.die.noc.channels_per_class *= 2;
    EXPECT_EQ(area_of(twice).total(), d1.total() + d1.buffers);
    twice = {};
    twice.die.noc.link_packets_per_cycle = 4;
    EXPECT_EQ(area_of(twice).links, d1.links * (4 * 4 + 1) / 5);
}

TEST(area, is_relative_to_the_default_machine_at_the_same_costs) {
    d1_parameters p;
    p.area = {.matrix_mac = 1,
              .simd_lane = 0,
              .sram_kibibyte = 0,
              .sram_port = 0,
              .link_bit = 0,
              .buffer_byte = 0,
              .rest = 256};
    p.die.node.core.matrix_steps_per_cycle = 3;
    EXPECT_EQ(relative_area(p), 2);
}

}  // namespace
}  // namespace d1
