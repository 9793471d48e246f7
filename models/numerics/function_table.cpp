#include "models/numerics/function_table.hpp"

#include <bit>
#include <iomanip>
#include <sstream>

#include "models/numerics/functions.hpp"

namespace d1::numerics {

std::string function_table() {
    std::ostringstream out;
    out << "| function | operations | worst error, ulp | at | descents |\n|---|---|---|---|---|\n";
    for (const function_record& r : function_records) {
        out << "| " << r.name << " | " << r.operations << " | ";
        if (is_correctly_rounded(r.function)) {
            out << "0.5 (correctly rounded) | - | ";
        } else {
            out << std::fixed << std::setprecision(3) << r.worst_error << " | " << std::defaultfloat
                << std::setprecision(9) << std::bit_cast<float>(r.worst_operand) << " (0x" << std::hex << std::uppercase
                << std::setw(8) << std::setfill('0') << r.worst_operand << std::dec << ") | ";
        }
        out << r.descents << " |\n";
    }
    return out.str();
}

}  // namespace d1::numerics
