#include "testbenches/d1sim/emitted_programs.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/job_file.hpp"
#include "testbenches/d1sim/npy.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

constexpr std::string_view parameters_file = "parameters.yaml";

/// "001_conv1": what the files of a layer begin with; letters, digits, '.', '-' and '_' only, so that a shell takes it
/// as it is.
std::string stem_of(std::size_t number, const layer_step& step) {
    constexpr std::size_t longest_name = 60;
    std::string stem = std::to_string(number + 1);
    stem.insert(0, stem.size() < 3 ? 3 - stem.size() : 0, '0');
    stem += '_';
    for (const char c : std::string_view(step.row.name).substr(0, longest_name)) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        stem += plain ? c : '_';
    }
    if (step.pass != layer_pass::forward) {
        stem += '_';
        stem += name(step.pass);
    }
    return stem;
}

std::string array_file(const std::string& stem, const std::string& buffer) {
    return stem + "." + buffer + ".npy";
}

/// Where a result stands: not where the operand of that name does.
std::string result_file(const std::string& stem, const std::string& buffer, const step_kernel& kernel) {
    const std::vector<std::string> inputs = kernel.inputs();
    const bool is_updated = std::ranges::find(inputs, buffer) != inputs.end();
    return array_file(stem, (is_updated ? "out." : "") + buffer);
}

std::string meaning(const layer_step& step) {
    std::ostringstream text;
    const auto [m, n, k] = step.product();
    if (step.pass == layer_pass::optimizer) {
        text << "new weights, " << m << " of them";
    } else {
        text << "C[" << m << " x " << n << "] = A[" << m << " x " << k << "] B[" << k << " x " << n << "]";
    }
    return text.str();
}

std::string comments(const std::string& stem, const layer_step& step, const step_kernel& kernel, const run_result& run,
                     bool functional) {
    std::ostringstream text;
    text << "# Layer '" << one_line(step.row.name) << "'"
         << (step.pass == layer_pass::forward ? "" : ", " + std::string(name(step.pass))) << ": " << meaning(step)
         << "; " << (run.status == run_status::finished ? std::to_string(run.cycles) + " cycles" : "it did not finish")
         << ". To run it again, in this folder:\n#   d1sim exec " << stem << ".d1p --config " << parameters_file;
    if (functional) {
        const std::vector<std::string> outputs = kernel.outputs();
        for (const std::string& buffer : kernel.inputs()) {
            text << " --load " << buffer << "=" << array_file(stem, buffer);
        }
        const auto dump = [&](const std::string& buffer) { return outputs.size() == 1 ? "out.npy" : buffer + ".npy"; };
        for (const std::string& buffer : outputs) {
            text << " --dump " << buffer << "=" << dump(buffer);
        }
        for (const std::string& buffer : outputs) {
            text << "\n# The same bytes as " << dump(buffer) << " are in " << result_file(stem, buffer, kernel);
        }
    }
    text << "\n";
    return text.str();
}

}  // namespace

emitted_programs::emitted_programs(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    const auto status = std::filesystem::status(folder_, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
        throw input_error(error_class::file_unwritable,
                          "--emit-programs: '" + folder_.string() + "' is no folder; name a new one");
    }
    if (std::filesystem::is_directory(status) && !std::filesystem::is_empty(folder_, error)) {
        throw input_error(error_class::file_unwritable,
                          "--emit-programs: the folder '" + folder_.string() +
                              (error ? "' cannot be read: " + error.message() : "' is not empty") +
                              "; name a new one, or remove it");
    }
}

void emitted_programs::create(const d1_parameters& parameters) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
        throw input_error(error_class::file_unwritable,
                          "--emit-programs: cannot make the folder '" + folder_.string() + "': " + error.message());
    }
    std::ostringstream text;
    dump_parameters(parameters, text);
    write(std::string(parameters_file), text.str());
}

void emitted_programs::write_operands(std::size_t number, const layer_step& step, const step_kernel& kernel, die& on) {
    for (const std::string& buffer : kernel.inputs()) {
        write_buffer(array_file(stem_of(number, step), buffer), buffer, kernel.programs(), on);
    }
}

void emitted_programs::write_programs(std::size_t number, const layer_step& step, const step_kernel& kernel, die& on,
                                      const run_result& run) {
    const std::string stem = stem_of(number, step);
    const bool functional = on.parameters().simulation.functional;
    if (functional && run.status == run_status::finished) {
        for (const std::string& buffer : kernel.outputs()) {
            write_buffer(result_file(stem, buffer, kernel), buffer, kernel.programs(), on);
        }
    }
    std::ostringstream text;
    text << comments(stem, step, kernel, run, functional);
    program::print(text, file_of(kernel.programs()));
    write(stem + ".d1p", text.str());
}

void emitted_programs::write(const std::string& name, std::string_view text) const {
    output_file(folder_ / name).write(text);
}

void emitted_programs::write_buffer(const std::string& file, const std::string& name, const job& j, die& on) const {
    const symbol buffer(file_of(j), name);
    write(file, npy_text(buffer.read(on, j.where)));
}

}  // namespace d1
