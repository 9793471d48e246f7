#include "testbenches/d1sim/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1 {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& target, const std::string& why) {
    throw input_error("cannot write '" + target.string() + "': " + why + "; name another file or make room for it");
}

}  // namespace

output_file::output_file(std::filesystem::path target) : target_(std::move(target)) {
    std::error_code ignored;
    const auto status = std::filesystem::status(target_, ignored);
    if (std::filesystem::is_directory(status)) {
        refuse(target_, "it is a directory");
    }
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        temporary_ = target_;
        descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    } else {
        if (::access(target_.c_str(), F_OK) == 0 && ::access(target_.c_str(), W_OK) != 0) {
            refuse(target_, std::strerror(errno));
        }
        temporary_ = target_;
        temporary_ += '.';
        temporary_ += std::to_string(::getpid());
        temporary_ += ".part";
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (descriptor_ < 0) {
        refuse(target_, std::strerror(errno));
    }
}

output_file::~output_file() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        if (temporary_ != target_) {
            ::unlink(temporary_.c_str());
        }
    }
}

void output_file::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            refuse(target_, std::strerror(errno));
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    const bool closed = ::close(descriptor_) == 0;
    descriptor_ = -1;
    if (!closed || (temporary_ != target_ && std::rename(temporary_.c_str(), target_.c_str()) != 0)) {
        const std::string why = std::strerror(errno);
        if (temporary_ != target_) {
            ::unlink(temporary_.c_str());
        }
        refuse(target_, why);
    }
}

}  // namespace d1
