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
    std::istringstream lines(kernel_table());
    for (std::string line; std::getline(lines, line);) {
        EXPECT_NE(page.str().find(line + "\n"), std::string::npos) << "docs/pipeline.md lacks: " << line;
    }
}

}  // namespace
}  // namespace d1::pipeline
