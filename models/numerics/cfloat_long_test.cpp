#include <gtest/gtest.h>

#include "models/numerics/cfloat_comparison.hpp"

namespace d1::numerics {
namespace {

TEST(cfloat16_shp, all_codes_at_all_biases_in_both_readings_convert_as_defined) {
    for (std::uint8_t bias = 0; bias <= largest_bias; ++bias) {
        for (const arithmetic& rules : test::both_readings) {
            test::expect_as_defined({number_format::cfp16_shp, bias}, rules);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(cfloat16_uhp, all_codes_with_and_without_denormals_convert_as_defined) {
    for (const denormal_reading reading : {denormal_reading::gradual, denormal_reading::printed}) {
        for (const bool keep : {false, true}) {
            test::expect_as_defined({number_format::cfp16_uhp},
                                    {.cfloat_denormals = reading, .keep_uhp_denormals = keep});
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace d1::numerics
