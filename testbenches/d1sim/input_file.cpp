#include "testbenches/d1sim/input_file.hpp"

#include <cerrno>
#include <system_error>
#include <vector>

#include "models/parameter/error.hpp"

namespace d1 {

std::ifstream open_input(const std::filesystem::path& path, std::string_view wanted) {
    const std::string name = path.string();
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (std::filesystem::is_directory(status)) {
        throw input_error(error_class::file_unreadable,
                          name + ": a directory; give " + std::string(wanted) + " itself");
    }
    if (status.type() == std::filesystem::file_type::not_found) {
        throw input_error(error_class::file_unreadable, name + ": no such file");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw input_error(error_class::file_unreadable,
                          name + ": cannot open the file: " + std::generic_category().message(errno));
    }
    return file;
}

std::string read_input(const std::filesystem::path& path, std::string_view wanted, std::size_t most) {
    std::ifstream file = open_input(path, wanted);
    std::string text;
    std::vector<char> piece(std::size_t{64} << 10);
    while (file && text.size() <= most) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) {
        throw input_error(error_class::file_unreadable,
                          path.string() + ": cannot read the file: " + std::generic_category().message(errno));
    }
    return text;
}

}  // namespace d1
