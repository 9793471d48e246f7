// Prints the table of number formats of docs/numerics.md.

#include <iostream>

#include "models/numerics/format_table.hpp"

int main() {
    std::cout << d1::numerics::format_table();
    return std::cout.flush() ? 0 : 1;
}
