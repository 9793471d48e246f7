// Prints the table of the elementary functions that docs/numerics.md holds.

#include <iostream>

#include "models/numerics/function_table.hpp"

int main() {
    std::cout << d1::numerics::function_table();
}
