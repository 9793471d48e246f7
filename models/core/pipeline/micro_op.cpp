#include "models/core/pipeline/micro_op.hpp"

#include <iomanip>
#include <ostream>
#include <sstream>
#include <string_view>

namespace d1::pipeline {

namespace {

constexpr std::array<std::string_view, op_kind_count> mnemonics{
    "branch",       "immediate",   "rotate",       "list_entry", "scalar",  "address", "semaphore", "scalar_load",
    "scalar_store", "vector_load", "vector_store", "gather",     "scatter", "simd",    "matrix"};

void write(std::ostream& out, register_name r) {
    if (r < accumulator(0)) {
        out << 'v' << std::uint32_t{r};
    } else if (r < pointer(0)) {
        out << "acc" << r - accumulator(0);
    } else {
        out << 'p' << r - pointer(0);
    }
}

void write(std::ostream& out, const micro_op& op, const kernel& k) {
    out << mnemonics.at(static_cast<std::size_t>(op.kind));
    if (op.kind == op_kind::branch) {
        out << " to " << op.value << ", " << k.counts.at(op.loop) << " times";
        return;
    }
    const char* before = " ";
    for (const register_name r : {op.to, op.from[0], op.from[1]}) {
        if (r != no_register) {
            write(out << before, r);
            before = ", ";
        }
    }
    if (op.kind == op_kind::address) {
        out << before << op.value;
    }
    if (op.base != no_register) {
        write(out << before << '[', op.base);
        out << (op.value < 0 ? "" : "+") << op.value << ']';
    }
}

}  // namespace

std::string to_text(const kernel& k) {
    std::ostringstream out;
    out << k.name << ": " << k.code.size() << " operations, " << k.bytes() << " B of code\n";
    for (std::size_t n = 0; n < k.code.size(); ++n) {
        out << std::setw(5) << n << "  ";
        write(out, k.code[n], k);
        out << '\n';
    }
    return out.str();
}

}  // namespace d1::pipeline
