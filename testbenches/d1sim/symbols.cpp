#include "testbenches/d1sim/symbols.hpp"

#include <algorithm>
#include <set>

#include "models/parameter/error.hpp"
#include "models/program/nearest.hpp"
#include "testbenches/d1sim/buffer_array.hpp"

namespace d1 {

symbol::symbol(const program::program_file& file, std::string_view name) : name_(name) {
    std::set<std::string_view> known;
    for (const program::role& r : file.roles) {
        for (const program::buffer& b : r.body.buffers) {
            known.insert(b.name);
            if (b.name != name) {
                continue;
            }
            if (!holders_.empty() && (b.bytes != bytes_ || b.type != type_ || b.content != content_)) {
                throw input_error(
                    error_class::symbol,
                    "the programs disagree about '" + name_ +
                        "': its bytes, type or content are not the same in all that declare it; give them "
                        "different names");
            }
            bytes_ = b.bytes;
            type_ = b.type;
            content_ = b.content;
            holders_.push_back({b.address, program::nodes_of(r.on)});
        }
    }
    if (holders_.empty()) {
        throw input_error(error_class::symbol,
                          "no program has a buffer '" + name_ + "'" +
                              program::detail::suggestion(name, std::vector(known.begin(), known.end())));
    }
    if (bytes_ % numerics::bytes(type_.format) != 0) {
        throw input_error(error_class::symbol,
                          "the " + std::to_string(bytes_) + " bytes of '" + name_ + "' are no whole number of " +
                              std::string(numerics::name(type_.format)) + " elements; no array holds them");
    }
}

void symbol::load(die& on, const placement& where, const npy_array& array, const std::string& file) const {
    const auto rows = static_cast<std::uint64_t>(where.logical.rows);
    const auto columns = static_cast<std::uint64_t>(where.logical.columns);
    if (const std::string why = why_not(array, type_); !why.empty()) {
        throw input_error(error_class::array, file + ": " + why + " (buffer '" + name_ + "')");
    }
    const bool each = array.shape.size() >= 2 && array.shape[0] == rows && array.shape[1] == columns &&
                      array.elements() == rows * columns * elements();
    if (!each && array.elements() != elements()) {
        throw input_error(error_class::array, file + ": an array of shape " + to_string(array.shape) + "; buffer '" +
                                                  name_ + "' expects " + to_string({rows, columns, elements()}) +
                                                  ", for each node by row and column, or " + to_string({elements()}) +
                                                  ", the same for all; the last axis may be split");
    }
    std::vector<std::byte> bytes(bytes_);
    for (const holder& h : holders_) {
        for (const coordinate c : h.nodes) {
            store(array, each ? to_number(where.logical.index(c)) * elements() : 0, type_, bytes);
            on.load(where.at(c), h.address, bytes);
        }
    }
}

npy_array symbol::read(die& from, const placement& where) const {
    std::vector<std::byte> all(std::size_t{where.logical.size()} * bytes_);
    for (const holder& h : holders_) {
        for (const coordinate c : h.nodes) {
            from.read(where.at(c), h.address,
                      std::span(all).subspan(std::size_t{to_number(where.logical.index(c))} * bytes_, bytes_));
        }
    }
    npy_array array = array_for(type_);
    append(array, type_, all);
    array.shape = {static_cast<std::uint64_t>(where.logical.rows), static_cast<std::uint64_t>(where.logical.columns),
                   elements()};
    return array;
}

}  // namespace d1
