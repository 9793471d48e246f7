#pragma once
// What stands on a command line, before a command makes sense of it.

#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/configuration.hpp"

namespace d1 {

/// The options that there are, as they were given, and the command with its files.
class given_options {
  public:
    /// Reads the arguments, program name excluded. Throws input_error for an option that there is not, with the nearest
    /// one, for one that is given twice and may not be, and for one whose value is missing.
    explicit given_options(const std::vector<std::string>& arguments);

    /// The command's name and what stands behind it; empty where there is none.
    [[nodiscard]] const std::vector<std::string>& command() const noexcept { return command_; }

    [[nodiscard]] bool has(const std::string& option) const { return values_.count(option) != 0; }
    /// The value of an option that is given.
    [[nodiscard]] const std::string& text(const std::string& option) const;
    /// The values of one that may be repeated, in their order; none where it is not given.
    [[nodiscard]] std::vector<std::string> texts(const std::string& option) const;
    /// The value, a whole number within limits. Throws input_error for anything else.
    [[nodiscard]] std::uint64_t number(const std::string& option, std::uint64_t least, std::uint64_t most) const;
    /// The value, which is one of `allowed`. Throws input_error for anything else.
    [[nodiscard]] std::string one_of(const std::string& option, const std::vector<std::string>& allowed) const;
    /// The value, which is not empty, as the name of an output is; "" where the option is not given. Throws input_error
    /// where it is empty, or one of `inputs` or of the files of --config, by whatever name.
    [[nodiscard]] std::string output(const std::string& option, const std::vector<std::string>& inputs) const;

    /// Throws input_error for an option that is given and does not go with the command.
    void refuse_strangers() const;

  private:
    boost::program_options::variables_map values_;
    std::vector<std::string> command_;
};

/// What --config, --set and the options that stand for parameters make of the preset. Throws input_error as
/// configuration does.
[[nodiscard]] configuration configuration_of(const given_options& given);

/// Every command that there is.
[[nodiscard]] std::vector<std::string_view> command_names();

/// The text of `d1sim COMMAND --help`, with the options that go with it; of `d1sim --help` where there is no such
/// command.
[[nodiscard]] std::string help_of(const std::string& name);

/// A whole number within limits. Throws input_error, naming the option, for anything else.
[[nodiscard]] std::uint64_t whole_number(const std::string& option, const std::string& text, std::uint64_t least,
                                         std::uint64_t most);
/// `text`, which is one of `allowed`. Throws input_error, naming the option, for anything else.
[[nodiscard]] std::string one_of(const std::string& option, const std::string& text,
                                 const std::vector<std::string>& allowed);
/// Throws input_error where the file `output` exists and is one of `inputs`.
void refuse_to_overwrite(const std::string& option, const std::string& output, const std::vector<std::string>& inputs);

}  // namespace d1
