#pragma once
// A file that appears whole or not at all.

#include <filesystem>
#include <string_view>

namespace d1 {

/// Writes beside the target and renames at the end, so that whoever looks sees the old file or the whole new one, and a
/// process that is killed leaves nothing half-written. A symbolic link is followed, permissions of an existing file are
/// kept. What is no regular file (a pipe, a device) is opened at once and written as it is; so is the file behind the
/// standard output or error, after what stands there.
/// Not promised: that the bytes survive a power failure.
class output_file {
  public:
    /// Tries whether a file can be made there, so that a long run does not find out at its end; leaves no trace.
    /// Throws input_error if not.
    explicit output_file(std::filesystem::path target);
    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;
    ~output_file();

    /// Writes the whole content; to be called once. Throws input_error if it cannot be written, and then leaves the
    /// target as it was (unless it is no regular file).
    void write(std::string_view text);

  private:
    [[noreturn]] void refuse(int error) const;
    [[nodiscard]] int create_temporary() const;

    std::filesystem::path target_;     // as given
    std::filesystem::path file_;       // behind symbolic links
    std::filesystem::path temporary_;  // beside it
    int descriptor_ = -1;              // of what is written as it is
};

}  // namespace d1
