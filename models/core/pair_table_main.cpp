// Prints the table of errors in docs/core.md.

#include <iostream>
#include <systemc>

#include "models/core/pair_table.hpp"

int sc_main(int, char*[]) {
    std::cout << d1::pair_table();
    return 0;
}
