#include "testbenches/d1sim/npy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <istream>
#include <limits>
#include <optional>
#include <stdexcept>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/input_file.hpp"

namespace d1 {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t max_header_bytes = std::size_t{64} * 1024;
constexpr std::size_t alignment = 64;  // of the first element in a file that is written

/// What a header says; nothing where a key is missing.
struct header {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<std::uint64_t>> shape;
};

/// Reads a header: a Python dictionary of 'descr', 'fortran_order' and 'shape', in any order.
class header_reader {
  public:
    header_reader(std::string_view text, std::string_view name) : rest_(text), name_(name) {}

    header read() {
        header h;
        expect('{');
        while (!take('}')) {
            const std::string key = string();
            expect(':');
            if (key == "descr" && !h.descr) {
                skip_blanks();
                if (!rest_.empty() && rest_.front() == '[') {
                    refuse("an array of records; expected one of plain numbers");
                }
                h.descr = string();
            } else if (key == "fortran_order" && !h.fortran_order) {
                h.fortran_order = boolean();
            } else if (key == "shape" && !h.shape) {
                h.shape = tuple();
            } else {
                bad();
            }
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        skip_blanks();
        if (!rest_.empty() || !h.descr || !h.fortran_order || !h.shape) {
            bad();
        }
        return h;
    }

    [[noreturn]] void refuse(const std::string& what) const {
        throw input_error(error_class::array, std::string(name_) + ": " + what);
    }

  private:
    [[noreturn]] void bad() const {
        refuse("its .npy header is damaged: expected the keys 'descr', 'fortran_order' and 'shape'");
    }
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
    bool take(char c) {
        skip_blanks();
        const bool there = !rest_.empty() && rest_.front() == c;
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }
    void expect(char c) {
        if (!take(c)) {
            bad();
        }
    }
    std::string string() {
        skip_blanks();
        const char quote = rest_.empty() ? '\0' : rest_.front();
        const std::size_t end = rest_.find(quote, 1);
        if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
            bad();
        }
        std::string text(rest_.substr(1, end - 1));
        rest_.remove_prefix(end + 1);
        return text;
    }
    bool boolean() {
        skip_blanks();
        for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
            if (rest_.starts_with(word)) {
                rest_.remove_prefix(word.size());
                return value;
            }
        }
        bad();
    }
    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> numbers;
        expect('(');
        while (!take(')')) {
            skip_blanks();
            const auto [end, error] =
                std::from_chars(rest_.data(), rest_.data() + rest_.size(), numbers.emplace_back());
            if (error != std::errc()) {
                bad();
            }
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
            if (!take(',')) {
                expect(')');
                break;
            }
        }
        return numbers;
    }

    std::string_view rest_;
    std::string_view name_;
};

/// "float32" of 'f' and 4.
std::string type_name_of(char kind, std::uint32_t item_bytes) {
    const std::string word = kind == 'f' ? "float" : kind == 'i' ? "int" : "uint";
    return word + std::to_string(8 * item_bytes);
}

/// Sets kind and size from "<f4".
void set_type(npy_array& array, const std::string& descr, const header_reader& reader) {
    constexpr std::string_view hint = "; expected float32, float64 or integers, as array.astype('float32') makes them";
    std::uint32_t bytes = 0;
    const char* const end = descr.data() + descr.size();
    const bool complete = descr.size() >= 3 && std::from_chars(descr.data() + 2, end, bytes).ptr == end;
    const char kind = complete ? descr[1] : '\0';
    const bool sized = kind == 'f'
                           ? bytes == 4 || bytes == 8
                           : (kind == 'i' || kind == 'u') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
    if (!sized) {
        reader.refuse("elements of type '" + descr.substr(0, 16) + "'" + std::string(hint));
    }
    const char order = descr[0];
    if (order == '>' && bytes > 1) {
        reader.refuse("big-endian elements; array.astype('<" + descr.substr(1) + "') turns them round");
    }
    if (order != '<' && order != '|' && order != '>') {
        reader.refuse("elements of type '" + descr.substr(0, 16) + "'" + std::string(hint));
    }
    array.kind = kind;
    array.item_bytes = bytes;
}

std::string read_exactly(std::istream& in, std::size_t count) {
    std::string text(count, '\0');
    in.read(text.data(), static_cast<std::streamsize>(count));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

/// Reads up to `count` bytes without believing that there are so many.
std::vector<std::byte> read_data(std::istream& in, std::uint64_t count) {
    constexpr std::uint64_t piece = std::uint64_t{1} << 20U;
    std::vector<std::byte> bytes;
    while (in && bytes.size() < count) {
        const std::size_t before = bytes.size();
        bytes.resize(before + static_cast<std::size_t>(std::min(piece, count - before)));
        in.read(reinterpret_cast<char*>(bytes.data() + before), static_cast<std::streamsize>(bytes.size() - before));
        bytes.resize(before + static_cast<std::size_t>(in.gcount()));
    }
    return bytes;
}

}  // namespace

std::string npy_array::type_name() const {
    return type_name_of(kind, item_bytes);
}

std::string to_string(const std::vector<std::uint64_t>& shape) {
    std::string text = "(";
    for (const std::uint64_t n : shape) {
        text += text.size() > 1 ? " " : "";
        text += std::to_string(n);
        text += ',';
    }
    if (shape.size() > 1) {
        text.pop_back();
    }
    return text + ")";
}

npy_array read_npy(std::istream& in, std::string_view name) {
    const header_reader before_header("", name);
    if (read_exactly(in, magic.size()) != magic) {
        before_header.refuse("no .npy file; expected one as numpy.save writes it");
    }
    const std::string version = read_exactly(in, 2);
    const bool known = version.size() == 2 && version[0] >= 1 && version[0] <= 3 && version[1] == 0;
    if (version.size() == 2 && !known) {
        before_header.refuse("version " + std::to_string(static_cast<unsigned char>(version[0])) + "." +
                             std::to_string(static_cast<unsigned char>(version[1])) +
                             " of the .npy format; 1.0, 2.0 and 3.0 are known");
    }
    std::size_t header_bytes = 0;
    const std::string length = read_exactly(in, known && version[0] == 1 ? 2 : 4);
    for (std::size_t i = length.size(); i > 0; --i) {
        header_bytes = header_bytes << 8U | static_cast<unsigned char>(length[i - 1]);
    }
    if (header_bytes > max_header_bytes) {
        before_header.refuse("a .npy header of " + std::to_string(header_bytes) + " bytes; at most " +
                             std::to_string(max_header_bytes) + " are read");
    }
    const std::string text = read_exactly(in, header_bytes);
    if (!known || text.size() != header_bytes || text.empty()) {
        before_header.refuse("cut short within the .npy header");
    }
    header_reader reader(text, name);
    const header h = reader.read();
    npy_array array;
    set_type(array, *h.descr, reader);
    array.shape = *h.shape;
    if (*h.fortran_order && array.shape.size() > 1) {
        reader.refuse("a Fortran-ordered array; numpy.ascontiguousarray(array) turns it round");
    }
    std::uint64_t bytes = array.item_bytes;
    for (const std::uint64_t n : array.shape) {
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        if (n != 0 && bytes > most / n) {
            reader.refuse("an array of shape " + to_string(array.shape) + "; no file holds so many elements");
        }
        bytes *= n;
    }
    array.bytes = read_data(in, bytes);
    if (array.bytes.size() != bytes) {
        reader.refuse("cut short: shape " + to_string(array.shape) + " of " + array.type_name() + " takes " +
                      std::to_string(bytes) + " bytes behind the header, the file has " +
                      std::to_string(array.bytes.size()));
    }
    if (in.peek() != std::istream::traits_type::eof()) {
        reader.refuse("goes on behind its array of shape " + to_string(array.shape) + "; expected one array");
    }
    return array;
}

npy_array read_npy(const std::filesystem::path& file) {
    std::ifstream in = open_input(file, "the .npy file");
    return read_npy(in, file.string());
}

std::string npy_text(const npy_array& array) {
    std::string text(magic);
    text += {'\1', '\0', '\0', '\0'};
    const std::size_t length_at = magic.size() + 2;
    text += "{'descr': '";
    text += array.item_bytes == 1 ? '|' : '<';
    text += array.kind;
    text += std::to_string(array.item_bytes) + "', 'fortran_order': False, 'shape': " + to_string(array.shape) + ", }";
    text.append((alignment - (text.size() + 1) % alignment) % alignment, ' ');
    text += '\n';
    const std::size_t header_bytes = text.size() - length_at - 2;
    if (header_bytes > std::numeric_limits<std::uint16_t>::max()) {
        throw std::length_error("npy_text: more axes than a header of version 1.0 holds");
    }
    text[length_at] = static_cast<char>(header_bytes & 0xFFU);
    text[length_at + 1] = static_cast<char>(header_bytes >> 8U);
    text.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
    return text;
}

}  // namespace d1
