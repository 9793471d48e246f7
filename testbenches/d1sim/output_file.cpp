#include "testbenches/d1sim/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1 {

namespace {

/// A chain of symbolic links to its end, which need not exist.
std::filesystem::path behind_links(std::filesystem::path path) {
    constexpr int most = 40;
    std::error_code ignored;
    for (int n = 0; n < most && std::filesystem::is_symlink(path, ignored); ++n) {
        path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
    }
    return path;
}

bool is_standard_stream(const struct stat& file) {
    struct stat stream {};
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        if (::fstat(descriptor, &stream) == 0 && stream.st_dev == file.st_dev && stream.st_ino == file.st_ino) {
            return true;
        }
    }
    return false;
}

/// 0, or the error.
int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return 0;
}

}  // namespace

void output_file::refuse(int error) const {
    throw input_error(error_class::file_unwritable, "cannot write '" + target_.string() + "': " + std::strerror(error) +
                                                        "; name another file or make room for it");
}

int output_file::create_temporary() const {
    ::unlink(temporary_.c_str());  // of a dead process with this one's number
    return ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

output_file::output_file(std::filesystem::path target) : target_(std::move(target)) {
    if (!target_.has_filename()) {
        refuse(EISDIR);
    }
    struct stat status {};
    const bool exists = ::stat(target_.c_str(), &status) == 0;
    if (!exists && errno != ENOENT) {
        refuse(errno);
    }
    if (exists && (!S_ISREG(status.st_mode) || is_standard_stream(status))) {
        descriptor_ = ::open(target_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        if (descriptor_ < 0) {
            refuse(errno);
        }
        return;
    }
    file_ = behind_links(target_);
    if (exists && ::access(file_.c_str(), W_OK) != 0) {
        refuse(errno);
    }
    temporary_ = file_;
    temporary_ += '.';
    temporary_ += std::to_string(::getpid());
    temporary_ += ".part";
    const int probe = create_temporary();
    if (probe < 0) {
        refuse(errno);
    }
    ::close(probe);
    ::unlink(temporary_.c_str());
}

output_file::~output_file() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void output_file::write(std::string_view text) {
    const bool as_it_is = descriptor_ >= 0;
    const int descriptor = as_it_is ? std::exchange(descriptor_, -1) : create_temporary();
    if (descriptor < 0) {
        refuse(errno);
    }
    struct stat old {};
    if (!as_it_is && ::stat(file_.c_str(), &old) == 0) {
        static_cast<void>(::fchmod(descriptor, old.st_mode & 07777U));  // a file system may have no permissions
    }
    int error = write_all(descriptor, text);
    if (::close(descriptor) != 0 && error == 0) {
        error = errno;
    }
    if (!as_it_is && error == 0 && std::rename(temporary_.c_str(), file_.c_str()) != 0) {
        error = errno;
    }
    if (error != 0) {
        if (!as_it_is) {
            ::unlink(temporary_.c_str());
        }
        refuse(error);
    }
}

}  // namespace d1
