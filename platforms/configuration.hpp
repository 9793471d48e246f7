#pragma once
// The parameters of a simulation as a user gives them: the D1 preset, then YAML files, then single settings. What comes
// later wins. See docs/configuration.md.

#include <boost/json/object.hpp>
#include <iosfwd>
#include <string>
#include <string_view>

#include "platforms/configuration_yaml.hpp"
#include "platforms/d1_parameters.hpp"

namespace d1 {

/// Parameters being put together; begins as the D1 preset. A call that throws changes nothing.
///
///     configuration chosen;
///     chosen.load_file("run.yaml");
///     chosen.set("die.noc.columns=24");
///     const d1_parameters parameters = chosen.value();
class configuration {
  public:
    /// Sets what a YAML file says.
    /// \throws input_error if the file cannot be read, is no YAML, or has an unknown, repeated or impossible setting;
    /// the
    ///     message names file and line, path, value, what is allowed, and the nearest known path
    void load_file(const std::string& file);

    /// The same for a text at hand; `name` stands for the file.
    void load_text(std::string_view text, const std::string& name);

    /// Sets "path=value", as given to --set.
    /// \throws input_error as load_file()
    void set(std::string_view assignment);

    /// The parameters, found to go together.
    /// \throws input_error that names the parameters which do not, their values and where each was set
    [[nodiscard]] d1_parameters value() const;

    /// Where a parameter's value is from: "default", "run.yaml:12" or "--set".
    [[nodiscard]] std::string origin(std::string_view path) const;

    /// Writes every parameter in YAML with its meaning, unit, range, confidence and source as comments. Loading the
    /// text gives the same parameters.
    void dump(std::ostream& out) const;

  private:
    d1_parameters parameters_;
    parameter::origins origins_;
};

/// Writes parameters as configuration::dump does.
void dump_parameters(const d1_parameters& parameters, std::ostream& out);

/// Every parameter, as objects within objects; names, order and values are those of the dump.
[[nodiscard]] boost::json::object to_json(const d1_parameters& parameters);

}  // namespace d1
