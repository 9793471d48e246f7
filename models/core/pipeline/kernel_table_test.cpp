#include "models/core/pipeline/kernel_table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace d1::pipeline {
namespace {

TEST(kernel_table, stands_in_the_documentation) {
    std::ifstream file(D1_SOURCE_DIR "/docs/pipeline.md");
    std::ostringstream page;
    page << file.rdbuf();
    EXPECT_NE(page.str().find(kernel_table()), std::string::npos)
        << "put the output of build/release/bin/kernel_table into docs/pipeline.md";
}

}  // namespace
}  // namespace d1::pipeline
