#pragma once
// For tests of the program d1sim itself: runs it as a child process.

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace d1 {

/// How a child process ended and what it printed.
struct outcome {
    int code = 0;  ///< its exit code, or the number of the signal that ended it, negated
    std::string out;
    std::string err;
};

/// Where a child's output goes.
enum class stream_kind : std::uint8_t {
    file,         ///< a file outside the folder; outcome has its content
    full_device,  ///< /dev/full
    broken_pipe,  ///< a pipe that nobody reads
    closed,       ///< no open file at all
};

/// A folder of its own for one test, where the program runs; gone with the object.
class program_folder {
  public:
    program_folder();
    program_folder(const program_folder&) = delete;
    program_folder& operator=(const program_folder&) = delete;
    ~program_folder();

    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    /// Writes a file; gives its name.
    std::string write(const std::string& name, std::string_view text) const;
    [[nodiscard]] std::string read(const std::string& name) const;
    /// The names in the folder, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

    /// Runs the program in the folder to its end. `meanwhile` is called with the child's process id once it runs.
    [[nodiscard]] outcome run(const std::vector<std::string>& arguments, stream_kind out = stream_kind::file,
                              const std::function<void(pid_t)>& meanwhile = {}) const;
    /// Runs the program with a terminal of 80 columns for both outputs; all that it shows is in `out`.
    [[nodiscard]] outcome run_on_terminal(const std::vector<std::string>& arguments) const;

  private:
    std::filesystem::path path_;
    std::filesystem::path outputs_;
};

/// The same for tests of what messages say: `err` comes without the codes of errors, which errors_test looks at.
class wording_folder : public program_folder {
  public:
    [[nodiscard]] outcome run(const std::vector<std::string>& arguments, stream_kind out = stream_kind::file,
                              const std::function<void(pid_t)>& meanwhile = {}) const;
};

/// A text of `Layer, M, N, K` rows.
[[nodiscard]] std::string table_of(const std::vector<std::string>& rows);

/// Arguments of `d1sim run FILE` on a die of 4 x 4 nodes, all alive, which takes some milliseconds; and `more`.
[[nodiscard]] std::vector<std::string> small_run(const std::string& file, const std::vector<std::string>& more = {});

/// Waits until the process handles the signal itself, or no longer if `handled` is false; not longer than it lives.
void wait_until_handled(pid_t process, int signal, bool handled = true);

}  // namespace d1
