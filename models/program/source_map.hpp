#pragma once
// Where the parts of a program stand in the text that it was read from, for messages.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/parameter/error.hpp"

namespace d1::program {

struct program;
struct diagnostic;

/// A place in a text; both count from 1, columns in bytes.
struct text_position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    friend constexpr bool operator==(text_position, text_position) = default;
};

struct source_map {
    std::string file;
    text_position header;                                  ///< the word `program`
    std::vector<text_position> buffers;                    ///< in the order of the program's
    std::vector<text_position> semaphores;                 ///< in the order of the program's
    std::vector<text_position> threads;                    ///< the word `thread` of each
    std::vector<std::vector<text_position>> instructions;  ///< of each thread: the mnemonic; of a loop's end: its brace
};

/// What the text form refuses. what() is "file:line:column: message".
class text_error : public input_error {
  public:
    text_error(std::string_view file, text_position where, const std::string& message);

    [[nodiscard]] text_position where() const noexcept { return where_; }
    /// Without the place.
    [[nodiscard]] const std::string& message() const noexcept { return *message_; }

  private:
    text_position where_;
    std::shared_ptr<const std::string> message_;  // shared, so that copying cannot throw
};

/// "file:line:column"
[[nodiscard]] std::string to_string(std::string_view file, text_position where);

/// "thread 1, instruction 7", and where the program was read from a text also " (ring.d1p:12:9)".
[[nodiscard]] std::string place_of(const program& p, std::size_t thread, std::size_t position);

/// Where in its text the fault of a program stands: its instruction, thread or declaration, or else the program's head.
[[nodiscard]] text_position position_of(const program& p, const source_map& source, const diagnostic& d);

}  // namespace d1::program
