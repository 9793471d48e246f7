#pragma once

#include <string>

namespace d1::pipeline {

/// The tables and listings of docs/pipeline.md, as Markdown: the kernels that show the published rates with what they
/// reach, and what the parameters do.
[[nodiscard]] std::string kernel_table();

}  // namespace d1::pipeline
