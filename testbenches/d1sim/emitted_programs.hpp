#pragma once
// `d1sim run --emit-programs`: a folder that holds what each layer ran, in a form that `d1sim exec` takes.

#include <filesystem>
#include <string>

#include "platforms/die.hpp"
#include "testbenches/d1sim/step_kernel.hpp"
#include "testbenches/d1sim/symbols.hpp"

namespace d1 {

/// Writes parameters.yaml, and for the layer `conv1`, the first one,
///     001_conv1.d1p      its programs; comments in front say how to run them
///     001_conv1.a.npy    each operand as it was loaded, for all nodes (functional runs only)
///     001_conv1.c.npy    the result as the run left it; out.c.npy where an operand of that name was updated
/// and the same for 002_conv1_dgrad and so on under training. Each file appears whole or not at all.
class emitted_programs {
  public:
    /// Throws input_error if there is such a folder and it is not empty, or something else of that name; makes nothing.
    explicit emitted_programs(std::filesystem::path folder);

    /// Makes the folder, and those around it. Throws input_error if it cannot.
    void create(const d1_parameters& parameters);

    /// Before a step, `number` from 0, is launched: writes its operands.
    void write_operands(std::size_t number, const layer_step& step, const step_kernel& kernel, die& on);
    /// Behind its run: writes its results, if it finished, and its programs.
    void write_programs(std::size_t number, const layer_step& step, const step_kernel& kernel, die& on,
                        const run_result& run);

  private:
    void write(const std::string& name, std::string_view text) const;
    void write_buffer(const std::string& file, const std::string& name, const job& j, die& on) const;

    std::filesystem::path folder_;
};

}  // namespace d1
