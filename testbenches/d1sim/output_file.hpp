#pragma once
// A file that appears whole or not at all.

#include <filesystem>
#include <string_view>

namespace d1 {

/// Writes beside the target and renames at the end. Claims the place when it is made, so that a long run does not find out
/// at its end that it cannot write. What exists and is no regular file (a pipe, a device) is written as it is.
class output_file {
  public:
    /// Throws input_error if nothing can be written there.
    explicit output_file(std::filesystem::path target);
    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;
    /// Leaves nothing behind unless write() has succeeded.
    ~output_file();

    /// Throws input_error if it does not all get to the disk.
    void write(std::string_view text);

  private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;  // the target itself where that is no regular file
    int descriptor_ = -1;
};

}  // namespace d1
