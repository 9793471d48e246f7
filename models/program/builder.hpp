#pragma once
// Builds programs from C++:
//
//     program_builder b("relu");
//     const auto in = b.buffer("in", 4096, {number_format::fp32});
//     const auto ready = b.semaphores("ready");
//     auto t = b.thread();
//     {
//         const auto i = t.loop(16);
//         t.wait(ready);
//         t.vector_operation({.operation = ..., .destination = in + 256 * i, .a = in + 256 * i, .elements = 64, ...});
//     }
//     const program p = b.build();

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/program/affine.hpp"
#include "models/program/instruction.hpp"
#include "models/program/validate.hpp"

namespace d1::program {

class program_builder;
class thread_builder;

/// A buffer of the program being built. Usable as an affine term: its first byte.
class buffer_handle {
  public:
    [[nodiscard]] std::uint32_t address() const noexcept { return address_; }
    [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }
    operator affine() const noexcept { return address_; }  // NOLINT(google-explicit-constructor)

  private:
    friend class program_builder;
    buffer_handle(std::uint32_t address, std::uint32_t bytes) : address_(address), bytes_(bytes) {}
    std::uint32_t address_;
    std::uint32_t bytes_;
};

/// A run of semaphores of the program being built. Usable as an affine term: the first of them; [i] is the i-th.
class semaphore_handle {
  public:
    [[nodiscard]] std::uint32_t first() const noexcept { return first_; }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] affine operator[](const affine& index) const { return affine(first_) + index; }
    operator affine() const noexcept { return first_; }  // NOLINT(google-explicit-constructor)

  private:
    friend class program_builder;
    semaphore_handle(std::uint32_t first, std::uint32_t count) : first_(first), count_(count) {}
    std::uint32_t first_;
    std::uint32_t count_;
};

/// A loop of a thread being built: what is emitted while it lives stands inside it. Usable as an affine term: its
/// counter, 0 up to count - 1. Must end before the loops around it do; build() reports one that did not.
class loop_scope {
  public:
    loop_scope(const loop_scope&) = delete;
    loop_scope& operator=(const loop_scope&) = delete;
    ~loop_scope() { end(); }

    /// Ends the loop before the scope does.
    void end() noexcept;
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    operator affine() const { return d1::program::loop(depth_); }  // NOLINT(google-explicit-constructor)

  private:
    friend class thread_builder;
    loop_scope(program_builder& owner, std::size_t thread, std::size_t depth)
        : owner_(&owner), thread_(thread), depth_(depth) {}
    program_builder* owner_;  // null once ended
    std::size_t thread_;
    std::size_t depth_;
};

/// A list of a thread being built: what is emitted while it lives stands inside it.
class list_scope {
  public:
    list_scope(const list_scope&) = delete;
    list_scope& operator=(const list_scope&) = delete;
    ~list_scope() { end(); }

    /// Ends the list before the scope does.
    void end() noexcept;

  private:
    friend class thread_builder;
    list_scope(program_builder& owner, std::size_t thread) : owner_(&owner), thread_(thread) {}
    program_builder* owner_;  // null once ended
    std::size_t thread_;
};

/// Emits the instructions of one thread, each as instruction.hpp defines it. A copyable handle; the builder must
/// outlive it. Everything throws std::invalid_argument for an instruction that validate_instruction() has something
/// against.
class thread_builder {
  public:
    /// Opens a loop of `count` iterations (0 or less: none). Keep the result: the loop lasts as long as it.
    [[nodiscard]] loop_scope loop(const affine& count);
    /// Opens a list of pushes, pulls and signals. Keep the result: the list lasts as long as it.
    [[nodiscard]] list_scope list();

    void matrix_multiply(const d1::program::matrix_multiply<affine>& i) { emit(i); }
    void vector_operation(const d1::program::vector_operation<affine>& i) { emit(i); }
    void copy(const d1::program::copy<affine>& i) { emit(i); }
    void gather(const d1::program::gather<affine>& i) { emit(i); }
    void scatter_add(const d1::program::scatter_add<affine>& i) { emit(i); }
    void transpose(const d1::program::transpose<affine>& i) { emit(i); }
    void reduce(const d1::program::reduce<affine>& i) { emit(i); }
    void push(const d1::program::push<affine>& i) { emit(i); }
    void pull(const d1::program::pull<affine>& i) { emit(i); }
    /// Adds to a semaphore of the node itself.
    void signal(const affine& semaphore, const affine& amount = 1) {
        emit(d1::program::signal<affine>{std::nullopt, {semaphore, amount}});
    }
    /// Adds to a semaphore of another node (or, through the network, of this one).
    void signal(const node_reference<affine>& to, const affine& semaphore, const affine& amount = 1) {
        emit(d1::program::signal<affine>{to, {semaphore, amount}});
    }
    void wait(const affine& semaphore, const affine& amount = 1) { emit(d1::program::wait<affine>{semaphore, amount}); }
    void barrier(const d1::program::barrier<affine>& i) { emit(i); }

    /// Any instruction but the begin and the end of a loop or list.
    void emit(const instruction& i);

    /// Index of the thread in the program.
    [[nodiscard]] std::size_t index() const noexcept { return thread_; }

  private:
    friend class program_builder;
    thread_builder(program_builder& owner, std::size_t thread) : owner_(&owner), thread_(thread) {}
    program_builder* owner_;
    std::size_t thread_;
};

/// Lays out a program's memory and collects its threads. Misuse throws std::invalid_argument with the program's name.
class program_builder {
  public:
    explicit program_builder(std::string name, const limits& node = {});
    program_builder(const program_builder&) = delete;
    program_builder& operator=(const program_builder&) = delete;

    /// The next range of SRAM, at a multiple of `alignment` (a power of two).
    buffer_handle buffer(std::string name, std::uint64_t bytes, numerics::element_type type,
                         std::uint32_t alignment = 64, buffer_content content = buffer_content::data);
    /// A buffer that the host loads before the launch.
    buffer_handle input_buffer(std::string name, std::uint64_t bytes, numerics::element_type type,
                               std::uint32_t alignment = 64, buffer_content content = buffer_content::data);
    /// The next `count` semaphores, each of which holds `left` when all programs have ended.
    semaphore_handle semaphores(std::string name, std::uint32_t count = 1, std::uint32_t left = 0);
    /// A new thread.
    [[nodiscard]] thread_builder thread();

    /// SRAM taken by the buffers so far, gaps for alignment included.
    [[nodiscard]] std::uint32_t bytes_used() const noexcept { return bytes_used_; }

    /// The program, checked by validate(). The builder can go on.
    [[nodiscard]] program build() const;

  private:
    friend class thread_builder;
    friend class loop_scope;
    friend class list_scope;
    void append(std::size_t thread, const instruction& i);
    std::size_t begin_loop(std::size_t thread, const affine& count);
    void end_loop(std::size_t thread, std::size_t depth) noexcept;
    void end_list(std::size_t thread) noexcept { program_.threads[thread].emplace_back(list_end{}); }
    void check_new_name(const std::string& name) const;
    [[noreturn]] void refuse(const std::string& reason) const;

    program program_;
    limits limits_;
    std::uint32_t bytes_used_ = 0;
    std::uint32_t semaphores_used_ = 0;
    std::vector<std::size_t> depths_;  // open loops of each thread
    bool loops_mismatched_ = false;
};

}  // namespace d1::program
