// The checks can fail: wrong bits, races, deadlocks and address errors are found, named and end in their exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "models/program/builder.hpp"
#include "models/reporting/expect_report.hpp"
#include "testbenches/d1sim/run_command.hpp"
#include "testbenches/d1sim/tensors.hpp"
#include "testbenches/kernels/gemm.hpp"

namespace d1 {
namespace {

using numerics::number_format;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

d1_parameters four_by_four() {
    d1_parameters p;
    p.die.noc.columns = 4;
    p.die.noc.rows = 4;
    p.die.harvest.dead.clear();
    p.die.node.sram.bytes = 65536;
    return p;
}

/// A product on a die of 4 x 4 nodes, watched for races.
class product {
  public:
    explicit product(const gemm_shape& shape, number_format output = number_format::bf16)
        : shape_(shape),
          output_{output},
          a_(random_bf16(shape.m * shape.k, 1, 0)),
          b_(random_bf16(shape.k * shape.n, 1, 1)),
          die_("die", four_by_four(), die_checks::all()),
          gemm_(shape, {output_}, die_) {}

    /// Runs `job`, the kernel's own or something else, to its end.
    layer_result run(const job& programs) {
        die_.reset();
        gemm_.load(die_, a_, b_);
        die_.launch(programs);
        layer_result l{.step = {.row = {.name = "conv1", .gemm = shape_, .convolution = {}, .line = 2}},
                       .run = die_.run(),
                       .check = {},
                       .first_race = {},
                       .samples = {}};
        l.races = die_.races()->race_count();
        if (l.races != 0) l.first_race = to_string(die_.races()->races().front());
        return l;
    }
    void check(layer_result& l) {
        l.check = check_gemm(shape_, a_, b_, output_, die_.parameters().arithmetic, gemm_.read(die_), 1);
    }

    const job& programs() const { return gemm_.programs(); }
    std::vector<std::uint32_t> result() { return gemm_.read(die_); }
    die& on() { return die_; }

    /// Inverts bits of bytes [first, last) of a node's memory.
    void flip(node_index node, std::uint32_t first, std::uint32_t last, std::uint8_t bits) {
        std::vector<std::byte> bytes(last - first);
        die_.read(node, first, bytes);
        for (std::byte& b : bytes) b ^= std::byte{bits};
        die_.load(node, first, bytes);
    }
    /// A byte of the node's memory, at or after `from`, that holds a part of a result: by bisection.
    std::uint32_t byte_of_a_result(node_index node, std::uint32_t from) {
        const auto clean = result();
        std::uint32_t to = die_.parameters().die.node.sram.bytes;
        while (to - from > 1) {
            const std::uint32_t middle = from + (to - from) / 2;
            flip(node, from, middle, 0xff);
            (result() != clean ? to : from) = middle;
            die_.reset();  // the memory too
            static_cast<void>(run(programs()));
        }
        return from;
    }

  private:
    gemm_shape shape_;
    numerics::element_type output_;
    std::vector<std::uint16_t> a_;
    std::vector<std::uint16_t> b_;
    die die_;
    kernels::gemm gemm_;
};

exit_code exit_code_of_one(const layer_result& l) {
    table_result table;
    table.layers.push_back(l);
    table.complete = l.finished();
    return exit_code_of(table);
}

std::string table_line(const layer_result& l) {
    table_result table;
    table.layers.push_back(l);
    run_options options;
    options.check = true;
    const std::string text = text_report(table, options);
    const auto second = text.find('\n') + 1;
    return text.substr(second, text.find('\n', second) - second);
}

// ---- wrong bits

class wrong_bits : public testing::TestWithParam<number_format> {};

TEST_P(wrong_bits, one_bit_of_one_result_is_found_and_named) {
    product p({33, 40, 20}, GetParam());
    layer_result clean = p.run(p.programs());
    p.check(clean);
    EXPECT_TRUE(clean.good());
    EXPECT_THAT(complaints(clean), IsEmpty());
    EXPECT_EQ(exit_code_of_one(clean), exit_code::good);
    EXPECT_THAT(table_line(clean), testing::EndsWith("exact"));

    const auto node = static_cast<node_index>(0);
    const std::uint32_t byte = p.byte_of_a_result(node, 0);
    const auto before = p.result();
    for (const std::uint8_t bit : std::initializer_list<std::uint8_t>{0x01, 0x10, 0x80}) {
        p.flip(node, byte, byte + 1, bit);
        const auto after = p.result();
        const auto at =
            static_cast<std::size_t>(std::mismatch(before.begin(), before.end(), after.begin()).first - before.begin());
        ASSERT_LT(at, before.size()) << "the byte holds a result";

        layer_result l = clean;
        p.check(l);
        EXPECT_EQ(l.check->wrong, 1U);
        EXPECT_FALSE(l.good());
        EXPECT_EQ(exit_code_of_one(l), exit_code::failed);
        const std::string where = "row " + std::to_string(at / 40) + ", column " + std::to_string(at % 40);
        EXPECT_THAT(
            complaints(l),
            ElementsAre(AllOf(StartsWith("error D1-E801: layer 'conv1': 1 of 1320 results differ"), HasSubstr(where))));
        EXPECT_THAT(table_line(l), testing::EndsWith("WRONG"));
        p.flip(node, byte, byte + 1, bit);
    }
}

INSTANTIATE_TEST_SUITE_P(of, wrong_bits, testing::Values(number_format::bf16, number_format::fp32),
                         [](const auto& format) { return std::string(numerics::name(format.param)); });

TEST(wrong_operands, are_found) {
    product p({33, 40, 20});
    layer_result l = p.run(p.programs());
    p.on().reset();
    p.check(l);  // of memory that nobody has written
    EXPECT_FALSE(l.good());
    EXPECT_GT(l.check->wrong, 1300U);
    EXPECT_GT(l.check->sampled_wrong, 0U);
    EXPECT_GT(l.check->outside_bound, 0U);
    EXPECT_THAT(l.check->first_difference, HasSubstr("row 0, column 0"));
}

// ---- programs with faults

using program_change = std::function<void(program::program&)>;

job changed(const job& original, const program_change& change) {
    job j = original;
    for (job::role& r : j.roles) {
        program::program copy = *r.program;
        change(copy);
        r.program = std::make_shared<const program::program>(std::move(copy));
    }
    return j;
}

template <typename Instruction>
bool is(const program::instruction& i) {
    return std::holds_alternative<Instruction>(i);
}

using wait = program::wait<program::affine>;

/// An instruction in the place of another that orders nothing: loops must not be empty.
program::instruction nothing_of(program::program& of) {
    if (of.semaphores.back().name != "nothing") {
        const program::semaphore_range& last = of.semaphores.back();
        of.semaphores.push_back({"nothing", last.first + last.count, 1, 0});
    }
    return program::signal<program::affine>{.to = {}, .update = {of.semaphores.back().first, 1}};
}

TEST(races, a_product_without_its_waits_is_reported) {
    product p({64, 64, 256});
    const layer_result l = p.run(changed(p.programs(), [](program::program& of) {
        for (auto& thread : of.threads) {
            std::ranges::replace_if(thread, is<wait>, nothing_of(of));
        }
    }));
    EXPECT_EQ(l.run.status, run_status::finished);
    EXPECT_GT(l.races, 0U);
    EXPECT_FALSE(l.good());
    EXPECT_EQ(exit_code_of_one(l), exit_code::failed);
    EXPECT_THAT(complaints(l), ElementsAre(AllOf(StartsWith("error D1-E801: layer 'conv1': " + std::to_string(l.races) +
                                                            " races; the first: "),
                                                 HasSubstr("bytes"), HasSubstr("node"))));
    EXPECT_THAT(table_line(l), testing::EndsWith("RACES"));
}

/// A wait that only keeps an owner from filling the queue of its network interface.
bool only_paces(const program::program& of, const program::instruction& i) {
    const auto* const w = std::get_if<wait>(&i);
    return w != nullptr && std::ranges::any_of(of.semaphores, [&](const program::semaphore_range& r) {
               return r.name.ends_with("_sent") && w->semaphore == program::affine(r.first);
           });
}

TEST(races, no_wait_of_a_product_can_be_spared) {
    product p({64, 64, 1000});  // chunks enough for every buffer to be used again
    EXPECT_TRUE(p.run(p.programs()).good());
    std::size_t waits = 0;
    for (std::size_t nth = 0;; ++nth) {
        std::string removed;
        const job j = changed(p.programs(), [&](program::program& of) {
            std::size_t seen = 0;
            for (std::size_t t = 0; t < of.threads.size(); ++t) {
                auto& thread = of.threads[t];
                for (std::size_t i = 0; i < thread.size(); ++i) {
                    if (is<wait>(thread[i]) && !only_paces(of, thread[i]) && seen++ == nth) {
                        removed = of.name + ", thread " + std::to_string(t) + ", instruction " + std::to_string(i);
                        thread[i] = nothing_of(of);
                        return;
                    }
                }
            }
        });
        if (removed.empty()) break;
        ++waits;
        const layer_result l = p.run(j);
        EXPECT_FALSE(l.good()) << removed;
    }
    EXPECT_GE(waits, 2U);
}

TEST(deadlock, of_a_product_whose_pushes_tell_nobody_says_who_waits_for_what) {
    product p({64, 64, 256});
    const layer_result l = p.run(changed(p.programs(), [](program::program& of) {
        for (auto& thread : of.threads) {
            for (auto& i : thread) {
                if (auto* push = std::get_if<program::push<program::affine>>(&i)) push->notify.reset();
            }
        }
    }));
    EXPECT_EQ(l.run.status, run_status::deadlock);
    EXPECT_EQ(exit_code_of_one(l), exit_code::deadlock);
    ASSERT_EQ(complaints(l).size(), 1U);
    const std::string said = complaints(l).front();
    EXPECT_THAT(said,
                AllOf(StartsWith("error D1-E802: layer 'conv1': nothing can happen any more, but these wait:\n"),
                      HasSubstr("node["), HasSubstr("thread "), HasSubstr("instruction "), HasSubstr("semaphore")));
    EXPECT_NE(said.back(), '\n');
    EXPECT_THAT(table_line(l), testing::EndsWith("DEADLOCK"));
}

TEST(deadlock, leaves_a_die_that_runs_again) {
    product p({64, 64, 256});
    const layer_result before = p.run(p.programs());
    program::program_builder b("waits");
    const auto never = b.semaphores("never");
    b.thread().wait(never);
    job stuck = p.programs();
    stuck.roles.resize(1);
    stuck.roles[0].program = std::make_shared<const program::program>(b.build());
    EXPECT_EQ(p.run(stuck).run.status, run_status::deadlock);
    layer_result after = p.run(p.programs());
    p.check(after);
    EXPECT_TRUE(after.good());
    EXPECT_EQ(after.run.cycles, before.run.cycles);
}

TEST(address_errors, of_a_push_beyond_the_memory_are_reported) {
    product p({64, 64, 256});
    program::program_builder b("beyond");
    const auto from = b.buffer("from", 64, {number_format::bf16});
    b.thread().push({.to = {1, 0}, .source = from, .destination = 65536, .shape = {.rows = 1, .row_bytes = 64}});
    job j{p.on().place({2, 1}), {}};
    j.roles.push_back({std::make_shared<const program::program>(b.build()), {{0, 0}}});
    const reporting::expect_report warning(sc_core::SC_WARNING, "address error", "node[0,0]");
    const layer_result l = p.run(j);
    EXPECT_EQ(warning.count(), 1U);
    EXPECT_GT(l.run.address_errors, 0U);
    EXPECT_FALSE(l.good());
    EXPECT_EQ(exit_code_of_one(l), exit_code::failed);
    EXPECT_THAT(complaints(l), ElementsAre(HasSubstr("bursts were answered with an address error")));
    EXPECT_THAT(table_line(l), testing::EndsWith("ADDRESS ERRORS"));
}

// ---- exit codes of tables

table_result table_of_statuses(const std::vector<run_status>& statuses, bool interrupted = false) {
    table_result table;
    for (const run_status s : statuses) {
        table.layers.emplace_back();
        table.layers.back().run.status = s;
        table.layers.back().run.cycles = 10;
        table.layers.back().step.row.gemm = {2, 3, 4};
    }
    table.interrupted = interrupted;
    return table;
}

TEST(exit_codes, are_those_of_the_worst_that_happened) {
    using enum run_status;
    EXPECT_EQ(exit_code_of(table_of_statuses({})), exit_code::good);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished, finished})), exit_code::good);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished, failed})), exit_code::failed);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished, deadlock})), exit_code::deadlock);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished, deadlock}, true)), exit_code::deadlock);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished, interrupted}, true)), exit_code::interrupted);
    EXPECT_EQ(exit_code_of(table_of_statuses({finished}, true)), exit_code::interrupted) << "between two layers";
    EXPECT_EQ(static_cast<int>(exit_code::failed), 1);
    EXPECT_EQ(static_cast<int>(exit_code::bad_input), 2);
    EXPECT_EQ(static_cast<int>(exit_code::deadlock), 3);
    EXPECT_EQ(static_cast<int>(exit_code::interrupted), 130);
}

TEST(totals, count_the_operations_of_finished_layers_and_the_cycles_of_all) {
    const table_result table =
        table_of_statuses({run_status::finished, run_status::finished, run_status::interrupted}, true);
    EXPECT_EQ(table.finished_layers(), 2U);
    EXPECT_EQ(table.totals().macs, 2U * 24);
    EXPECT_EQ(table.totals().cycles, 30U);
}

}  // namespace
}  // namespace d1
