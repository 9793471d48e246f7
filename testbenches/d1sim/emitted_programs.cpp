#include "testbenches/d1sim/emitted_programs.hpp"

#include <cstdio>
#include <sstream>
#include <utility>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/job_file.hpp"
#include "testbenches/d1sim/npy.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/words.hpp"
#include "testbenches/kernels/gemm_program.hpp"

namespace d1 {

namespace {

constexpr std::string_view parameters_file = "parameters.yaml";

/// "001_conv1": what the files of a layer begin with; letters, digits, '.', '-' and '_' only, so that a shell takes it
/// as it is.
std::string stem_of(std::size_t number, const layer& l) {
    constexpr std::size_t longest_name = 60;
    std::string stem = std::to_string(number + 1);
    stem.insert(0, stem.size() < 3 ? 3 - stem.size() : 0, '0');
    stem += '_';
    for (const char c : std::string_view(l.name).substr(0, longest_name)) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        stem += plain ? c : '_';
    }
    return stem;
}

std::string comments(const std::string& stem, const layer& l, const run_result& run, bool functional) {
    std::ostringstream text;
    text << "# Layer '" << one_line(l.name) << "': C[" << l.gemm.m << " x " << l.gemm.n << "] = A[" << l.gemm.m << " x "
         << l.gemm.k << "] B[" << l.gemm.k << " x " << l.gemm.n << "]; "
         << (run.status == run_status::finished ? std::to_string(run.cycles) + " cycles" : "it did not finish")
         << ". To run it again, in this folder:\n#   d1sim exec " << stem << ".d1p --config " << parameters_file;
    if (functional) {
        for (const std::string_view name : {kernels::gemm_a, kernels::gemm_b}) {
            text << " --load " << name << "=" << stem << "." << name << ".npy";
        }
        text << " --dump " << kernels::gemm_c << "=out.npy\n# The same bytes as out.npy are in " << stem << "."
             << kernels::gemm_c << ".npy";
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

void emitted_programs::write_operands(std::size_t number, const layer& l, const job& j, die& on) {
    for (const std::string_view name : {kernels::gemm_a, kernels::gemm_b}) {
        write_buffer(stem_of(number, l), name, j, on);
    }
}

void emitted_programs::write_programs(std::size_t number, const layer& l, const job& j, die& on,
                                      const run_result& run) {
    const std::string stem = stem_of(number, l);
    const bool functional = on.parameters().simulation.functional;
    if (functional && run.status == run_status::finished) {
        write_buffer(stem, kernels::gemm_c, j, on);
    }
    std::ostringstream text;
    text << comments(stem, l, run, functional);
    program::print(text, file_of(j));
    write(stem + ".d1p", text.str());
}

void emitted_programs::write(const std::string& name, std::string_view text) const {
    output_file(folder_ / name).write(text);
}

void emitted_programs::write_buffer(const std::string& stem, std::string_view name, const job& j, die& on) const {
    const symbol buffer(file_of(j), name);
    write(stem + "." + std::string(name) + ".npy", npy_text(buffer.read(on, j.where)));
}

}  // namespace d1
