#include "models/program/builder.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace d1::program {

void loop_scope::end() noexcept {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->end_loop(thread_, depth_);
}

void list_scope::end() noexcept {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->end_list(thread_);
}

loop_scope thread_builder::loop(const affine& count) {
    return {*owner_, thread_, owner_->begin_loop(thread_, count)};
}

list_scope thread_builder::list() {
    owner_->append(thread_, list_begin{});
    return {*owner_, thread_};
}

void thread_builder::emit(const instruction& i) {
    if (std::holds_alternative<loop_begin>(i) || std::holds_alternative<loop_end>(i)) {
        owner_->refuse("loops are opened with loop(), not emitted");
    }
    if (std::holds_alternative<list_begin>(i) || std::holds_alternative<list_end>(i)) {
        owner_->refuse("lists are opened with list(), not emitted");
    }
    owner_->append(thread_, i);
}

program_builder::program_builder(std::string name, const limits& node) : limits_(node) {
    program_.name = std::move(name);
}

buffer_handle program_builder::buffer(std::string name, std::uint64_t bytes, numerics::element_type type,
                                      std::uint32_t alignment, buffer_content content) {
    check_new_name(name);
    if (bytes == 0) refuse("buffer '" + name + "' is empty");
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        refuse("the alignment of buffer '" + name + "', " + std::to_string(alignment) + ", is not a power of two");
    }
    const std::uint64_t address = (std::uint64_t{bytes_used_} + alignment - 1) / alignment * alignment;
    if (address > limits_.sram_bytes || bytes > limits_.sram_bytes - address) {
        refuse("buffer '" + name + "' of " + std::to_string(bytes) + " bytes does not fit: " + std::to_string(address) +
               " of " + std::to_string(limits_.sram_bytes) + " bytes of SRAM are taken");
    }
    const buffer_handle handle(static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(bytes));
    program_.buffers.push_back({std::move(name), handle.address(), handle.bytes(), type, content, false});
    bytes_used_ = handle.address() + handle.bytes();
    return handle;
}

buffer_handle program_builder::input_buffer(std::string name, std::uint64_t bytes, numerics::element_type type,
                                            std::uint32_t alignment, buffer_content content) {
    const buffer_handle handle = buffer(std::move(name), bytes, type, alignment, content);
    program_.buffers.back().input = true;
    return handle;
}

semaphore_handle program_builder::semaphores(std::string name, std::uint32_t count, std::uint32_t left) {
    check_new_name(name);
    if (count == 0) refuse("semaphore '" + name + "' is empty");
    if (count > limits_.semaphores - semaphores_used_) {
        refuse("semaphores '" + name + "' do not fit: " + std::to_string(semaphores_used_) + " of " +
               std::to_string(limits_.semaphores) + " are taken and " + std::to_string(count) + " asked for");
    }
    const semaphore_handle handle(semaphores_used_, count);
    program_.semaphores.push_back({std::move(name), handle.first(), count, left});
    semaphores_used_ += count;
    return handle;
}

thread_builder program_builder::thread() {
    if (program_.threads.size() == limits_.threads) {
        refuse("more than " + std::to_string(limits_.threads) + " threads");
    }
    program_.threads.emplace_back();
    depths_.push_back(0);
    return {*this, program_.threads.size() - 1};
}

program program_builder::build() const {
    for (std::size_t t = 0; t < depths_.size(); ++t) {
        if (depths_[t] > 0) refuse("a loop of thread " + std::to_string(t) + " is still open");
    }
    if (loops_mismatched_) refuse("a loop was ended before the loops inside it");
    const auto diagnostics = validate(program_, limits_);
    if (!diagnostics.empty()) refuse(to_string(diagnostics.front()));
    return program_;
}

void program_builder::append(std::size_t thread, const instruction& i) {
    auto& instructions = program_.threads[thread];
    const auto messages = validate_instruction(i, depths_[thread], limits_);
    if (!messages.empty()) refuse(to_string(diagnostic{thread, instructions.size(), messages.front()}));
    instructions.push_back(i);
}

std::size_t program_builder::begin_loop(std::size_t thread, const affine& count) {
    append(thread, loop_begin{count});
    return depths_[thread]++;
}

void program_builder::end_loop(std::size_t thread, std::size_t depth) noexcept {
    if (depths_[thread] != depth + 1) loops_mismatched_ = true;
    program_.threads[thread].emplace_back(loop_end{});
    --depths_[thread];
}

void program_builder::check_new_name(const std::string& name) const {
    if (!is_valid_name(name)) {
        refuse("'" + name + "' cannot name a buffer or semaphore: use letters, digits and _, and not x or y");
    }
    for (const auto& b : program_.buffers) {
        if (b.name == name) refuse("the name '" + name + "' is used twice");
    }
    for (const auto& s : program_.semaphores) {
        if (s.name == name) refuse("the name '" + name + "' is used twice");
    }
}

void program_builder::refuse(const std::string& reason) const {
    throw std::invalid_argument("program '" + program_.name + "': " + reason);
}

}  // namespace d1::program
