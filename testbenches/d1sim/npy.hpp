#pragma once
// NumPy's .npy files: one array each, a header in text and then the elements.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace d1 {

/// An array as the file holds it: elements in C order (last axis fastest), little-endian.
struct npy_array {
    /// 'f' floating point, 'i' signed, 'u' unsigned
    char kind = 'f';
    std::uint32_t item_bytes = 4;
    std::vector<std::uint64_t> shape;
    std::vector<std::byte> bytes;

    [[nodiscard]] std::uint64_t elements() const { return bytes.size() / item_bytes; }
    /// NumPy's name of the type: "float32".
    [[nodiscard]] std::string type_name() const;
    friend bool operator==(const npy_array&, const npy_array&) = default;
};

/// "(2, 3)", as NumPy writes it.
[[nodiscard]] std::string to_string(const std::vector<std::uint64_t>& shape);

/// Reads an array; versions 1.0, 2.0 and 3.0 of the format; float32, float64, and integers of 8 to 64 bits. `name` is
/// for messages. Throws input_error for anything else: another file, other types, big-endian or Fortran-ordered arrays,
/// files that are cut short or go on behind the array. Takes no more memory than the file has bytes.
[[nodiscard]] npy_array read_npy(std::istream& in, std::string_view name);
[[nodiscard]] npy_array read_npy(const std::filesystem::path& file);

/// The array as a file of version 1.0; elements begin at a multiple of 64 bytes, as NumPy has it.
[[nodiscard]] std::string npy_text(const npy_array& array);

}  // namespace d1
