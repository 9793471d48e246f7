#include "models/program/source_map.hpp"

#include <algorithm>

#include "models/program/instruction.hpp"
#include "models/program/validate.hpp"

namespace d1::program {

namespace {

/// The position of what is called `name`; nothing where it is not declared, or was not in the text.
template <typename Declared>
[[nodiscard]] const text_position* named(const std::vector<Declared>& declared,
                                         const std::vector<text_position>& positions, std::string_view name) {
    const auto found = std::find_if(declared.begin(), declared.end(), [&](const auto& d) { return d.name == name; });
    const auto index = static_cast<std::size_t>(found - declared.begin());
    return found != declared.end() && index < positions.size() ? &positions[index] : nullptr;
}

}  // namespace

text_error::text_error(std::string_view file, text_position where, const std::string& message)
    : input_error(error_class::program_text, to_string(file, where) + ": " + message),
      where_(where),
      message_(std::make_shared<const std::string>(message)) {}

std::string to_string(std::string_view file, text_position where) {
    return std::string(file) + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string place_of(const program& p, std::size_t thread, std::size_t position) {
    std::string place = "thread " + std::to_string(thread) + ", instruction " + std::to_string(position);
    if (p.source && thread < p.source->instructions.size() && position < p.source->instructions[thread].size()) {
        place += " (" + to_string(p.source->file, p.source->instructions[thread][position]) + ")";
    }
    return place;
}

text_position position_of(const program& p, const source_map& source, const diagnostic& d) {
    if (d.thread && *d.thread < source.threads.size()) {
        const auto& instructions = source.instructions[*d.thread];
        return d.instruction && *d.instruction < instructions.size() ? instructions[*d.instruction]
                                                                     : source.threads[*d.thread];
    }
    if (const auto* b = named(p.buffers, source.buffers, d.symbol)) return *b;
    if (const auto* s = named(p.semaphores, source.semaphores, d.symbol)) return *s;
    return source.header;
}

}  // namespace d1::program
