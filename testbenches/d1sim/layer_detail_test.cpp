// --detail names layers by a pattern and gives them a level of their own.

#include "testbenches/d1sim/layer_detail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/parameter/error.hpp"

namespace d1 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<std::string> layers{"conv1", "conv2_1", "conv2_2", "fc:1"};

TEST(layer_detail, gives_the_layers_that_match_its_level_and_the_others_the_usual_one) {
    EXPECT_THAT(levels_of(layers, {parse_layer_detail("conv2_*:ca")}, timing_kind::at),
                ElementsAre(timing_kind::at, timing_kind::ca, timing_kind::ca, timing_kind::at));
    EXPECT_THAT(levels_of(layers, {}, timing_kind::lt),
                ElementsAre(timing_kind::lt, timing_kind::lt, timing_kind::lt, timing_kind::lt));
}

TEST(layer_detail, that_comes_later_wins) {
    EXPECT_THAT(levels_of(layers, {parse_layer_detail("*:ca"), parse_layer_detail("conv?:lt")}, timing_kind::at),
                ElementsAre(timing_kind::lt, timing_kind::ca, timing_kind::ca, timing_kind::ca));
}

TEST(layer_detail, has_its_level_behind_the_last_colon) {
    EXPECT_THAT(levels_of(layers, {parse_layer_detail("fc:1:ca")}, timing_kind::at),
                ElementsAre(timing_kind::at, timing_kind::at, timing_kind::at, timing_kind::ca));
}

TEST(layer_detail, is_refused_where_it_is_malformed) {
    for (const char* text : {"", "conv1", ":ca", "conv1:", "conv1:CA", "conv1:cycle"}) {
        EXPECT_THAT(
            [&] { static_cast<void>(parse_layer_detail(text)); },
            ThrowsMessage<input_error>(HasSubstr("--detail: '" + std::string(text) + "' is not PATTERN:LEVEL")));
    }
}

TEST(layer_detail, is_refused_where_it_matches_no_layer) {
    EXPECT_THAT(
        [] { static_cast<void>(levels_of(layers, {parse_layer_detail("Conv*:ca")}, timing_kind::at)); },
        ThrowsMessage<input_error>(HasSubstr("'Conv*' matches none of the 4 layers, of which the first is 'conv1'")));
}

}  // namespace
}  // namespace d1
