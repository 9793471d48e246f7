// Prints the tables and listings of docs/pipeline.md.

#include <iostream>

#include "models/core/pipeline/kernel_table.hpp"

int main() {
    std::cout << d1::pipeline::kernel_table();
    return std::cout.flush() ? 0 : 1;
}
