#pragma once
// Jobs for tests of the die.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/program/builder.hpp"
#include "platforms/die.hpp"

namespace d1::die_test {

using numerics::types::bf16;
using numerics::types::fp32;

/// The protocol is checked in all tests of the die.
inline constexpr die_checks checked{.races = false, .protocol = true, .uninitialised = false};

inline d1_parameters grid_of(std::uint32_t columns, std::uint32_t rows, timing_kind timing = timing_kind::at) {
    d1_parameters p;
    p.die.noc.columns = columns;
    p.die.noc.rows = rows;
    p.die.harvest.dead = {};
    p.simulation.timing = timing;
    return p;
}

inline std::shared_ptr<const program::program> share(const program::program_builder& b) {
    return std::make_shared<const program::program>(b.build());
}

/// One program a logical node, on a whole rectangle.
inline job make_job(const placement& where,
                    const std::function<std::shared_ptr<const program::program>(coordinate)>& make) {
    job j{where, {}};
    for (std::int32_t y = 0; y < where.logical.rows; ++y) {
        for (std::int32_t x = 0; x < where.logical.columns; ++x) {
            j.roles.push_back({make({x, y}), {{x, y}}});
        }
    }
    return j;
}

inline run_result run(die& d, const job& j) {
    d.launch(j);
    run_result r = d.run();
    EXPECT_EQ(d.bursts().in_use(), 0U);
    return r;
}

inline std::vector<std::uint64_t> counters(die& d) {
    std::vector<std::uint64_t> all;
    d.statistics().visit([&](const std::string&, const statistics::counter_entry& c) { all.push_back(c.value()); });
    return all;
}

inline std::vector<std::byte> memory(die& d, node_index n, std::uint32_t offset, std::uint32_t bytes) {
    std::vector<std::byte> all(bytes);
    d.read(n, offset, all);
    return all;
}

// ---------------------------------------------------------------------------------------------------- a job that does
// all

/// A ring of nodes. In each round a node pushes its vector to the next, adds what it gets from the one before, fetches
/// bytes from the one after next and multiplies matrices. The vectors are small whole numbers, so a sum is exact.
class ring {
  public:
    static constexpr std::uint32_t rounds = 4;
    static constexpr std::uint32_t elements = 1500;
    static constexpr std::uint32_t vector_bytes = elements * 4;

    explicit ring(const placement& where) : where_(where) {
        job_ = make_job(where, [this](coordinate c) { return program_of(c); });
    }

    void load(die& d) const {
        for (std::uint32_t i = 0; i < size(); ++i) {
            std::vector<float> start(elements);
            for (std::uint32_t e = 0; e < elements; ++e) {
                start[e] = initial(i, e);
            }
            d.load(where_.nodes[i], 0, std::as_bytes(std::span(start)));
            // BF16 numbers of either sign between 2 and 4.
            std::vector<std::byte> numbers(8192);
            for (std::size_t n = 0; n < numbers.size(); ++n) {
                numbers[n] =
                    n % 2 == 0 ? static_cast<std::byte>(n / 2 % 128) : static_cast<std::byte>(n % 3 == 0 ? 0xC0 : 0x40);
            }
            d.load(where_.nodes[i], 131072, numbers);
        }
    }
    [[nodiscard]] const job& work() const { return job_; }

    /// The vectors in the end, by plain sums.
    [[nodiscard]] std::vector<std::vector<float>> expected() const {
        std::vector<std::vector<float>> now(size(), std::vector<float>(elements));
        for (std::uint32_t i = 0; i < size(); ++i) {
            for (std::uint32_t e = 0; e < elements; ++e) {
                now[i][e] = initial(i, e);
            }
        }
        for (std::uint32_t r = 0; r < rounds; ++r) {
            const auto before = now;
            for (std::uint32_t i = 0; i < size(); ++i) {
                for (std::uint32_t e = 0; e < elements; ++e) {
                    now[i][e] += before[(i + size() - 1) % size()][e];
                }
            }
        }
        return now;
    }
    void expect_result(die& d) const {
        const auto all = expected();
        for (std::uint32_t i = 0; i < size(); ++i) {
            const auto bytes = memory(d, where_.nodes[i], 0, vector_bytes);
            EXPECT_EQ(std::memcmp(bytes.data(), std::as_bytes(std::span(all[i])).data(), vector_bytes), 0)
                << "node " << i;
        }
    }
    [[nodiscard]] std::vector<std::vector<std::byte>> memories(die& d) const {
        std::vector<std::vector<std::byte>> all;
        for (const node_index n : where_.nodes) {
            all.push_back(memory(d, n, 0, d.parameters().die.node.sram.bytes));
        }
        return all;
    }

  private:
    [[nodiscard]] std::uint32_t size() const { return where_.logical.size(); }
    [[nodiscard]] static float initial(std::uint32_t i, std::uint32_t e) {
        return static_cast<float>((i * 7 + e) % 101);
    }

    [[nodiscard]] std::shared_ptr<const program::program> program_of(coordinate c) const {
        const std::uint32_t i = to_number(where_.logical.index(c));
        const auto node = [this, i](std::uint32_t ahead) {
            const coordinate there = where_.logical.at(static_cast<node_index>((i + ahead) % size()));
            return program::node_reference<program::affine>{there.x, there.y};
        };
        program::program_builder b("ring");
        const auto own = b.input_buffer("own", vector_bytes, fp32);
        const auto in = b.buffer("in", rounds * 6016, fp32);
        const auto fetched = b.buffer("fetched", rounds * 3008, bf16);
        const auto product = b.input_buffer("product", 256, fp32);           // zeros
        const auto numbers = b.input_buffer("numbers", 8192, bf16, 131072);  // at 131072
        const auto full = b.semaphores("full");
        const auto read = b.semaphores("read");
        const auto got = b.semaphores("got");
        auto vector = b.thread();
        {
            const auto r = vector.loop(rounds);
            vector.push({.to = node(1),
                         .source = own,
                         .destination = in + 6016 * r,
                         .shape = {.rows = 1, .row_bytes = vector_bytes},
                         .done = program::semaphore_update<program::affine>{read, 1},
                         .notify = program::semaphore_update<program::affine>{full, 1}});
            vector.wait(read);
            vector.wait(full);
            vector.vector_operation({.operation = numerics::elementwise_operation::add,
                                     .destination = own,
                                     .a = own,
                                     .b = in + 6016 * r,
                                     .elements = elements,
                                     .destination_type = fp32,
                                     .a_type = fp32,
                                     .b_type = fp32});
        }
        auto matrix = b.thread();
        {
            // The product buffer of the other stays zero where nothing was fetched yet: bytes beyond `in` are never
            // written.
            const auto r = matrix.loop(rounds);
            matrix.pull({.from = node(2),
                         .source = numbers,
                         .destination = fetched + 3008 * r,
                         .shape = {.rows = 3, .row_bytes = 1000, .source_stride = 2048, .destination_stride = 1001},
                         .done = program::semaphore_update<program::affine>{got, 1}});
            matrix.wait(got);
            matrix.matrix_multiply({.c = product,
                                    .a = fetched,
                                    .b = fetched,
                                    .row_blocks = 1,
                                    .column_blocks = 1,
                                    .k_steps = 5,
                                    .a_type = bf16,
                                    .b_type = bf16});
        }
        return share(b);
    }

    placement where_;
    job job_;
};

}  // namespace d1::die_test
