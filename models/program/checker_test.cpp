// The checker finds what is wrong with a job, where it is, and nothing in a good one.

#include "models/program/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "models/program/builder.hpp"
#include "models/program/fault_corpus.hpp"
#include "models/program/text.hpp"

namespace d1::program {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// As the comments of the corpus say it.
std::string place_of(const finding& f, bool with_node) {
    std::string text(name_of(f.kind));
    if (f.node && (with_node || *f.node != coordinate{0, 0})) {
        text += ", node (" + std::to_string(f.node->x) + ", " + std::to_string(f.node->y) + ")";
    }
    if (f.thread) text += ", thread " + std::to_string(*f.thread);
    if (f.instruction) text += ", instruction " + std::to_string(*f.instruction);
    return text;
}

TEST(checker, finds_each_seeded_fault_at_its_thread_and_instruction) {
    const auto faults = fault_corpus::all();
    EXPECT_GE(faults.size(), 30U);
    for (const auto& fault : faults) {
        SCOPED_TRACE(fault.name);
        const auto found = check(assignment_of(fault.programs));
        ASSERT_FALSE(found.empty());
        std::vector<std::string> places;
        for (const finding& f : found) {
            places.push_back(place_of(f, fault.finds.find("node") != std::string::npos));
            EXPECT_EQ(f.kind, found.front().kind) << to_string(f);
        }
        EXPECT_THAT(places, Contains(fault.finds)) << to_string(found.front());
    }
}

TEST(checker, has_a_seeded_fault_of_every_kind) {
    std::set<std::string> kinds;
    for (const auto& fault : fault_corpus::all()) kinds.insert(fault.finds.substr(0, fault.finds.find(',')));
    EXPECT_THAT(kinds, SizeIs(static_cast<std::size_t>(fault_kind::dead_wait) + 1));
}

TEST(checker, finds_all_but_what_depends_on_the_order_in_a_quick_check_too) {
    for (const auto& fault : fault_corpus::all()) {
        SCOPED_TRACE(fault.name);
        const auto quick = check(assignment_of(fault.programs), {.depth = check_depth::quick});
        if (fault.name == "two_producers_one_semaphore") {
            EXPECT_THAT(quick, IsEmpty());  // the right one comes first where threads go in turn
        } else {
            ASSERT_FALSE(quick.empty());
            EXPECT_EQ(quick.front().kind, check(assignment_of(fault.programs)).front().kind);
        }
    }
}

std::vector<finding> check_text(const std::string& text, const grid& nodes = {1, 1},
                                const check_options& options = {}) {
    const program p = parse("d1p 1\nprogram \"p\"\n" + text, "p.d1p");
    return check({nodes, std::vector<const program*>(nodes.size(), &p)}, options);
}

TEST(checker, names_a_circle_of_waits_with_those_who_would_signal) {
    const auto found = check_text(R"(
semaphores ping first=0
semaphores pong first=1
thread {
    wait semaphore=pong
    signal to=(1 - x, y) semaphore=ping
}
thread {
    wait semaphore=ping
    signal semaphore=pong
}
)",
                                  {2, 1});
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(
        to_string(found[0]),
        "program 'p', node (0, 0), thread 0, instruction 0: dead wait: waits for 1 of semaphore 1 (pong), which is "
        "0 and which node (0, 0), thread 1, instruction 1 would signal; node (0, 0), thread 1, instruction 0 waits "
        "for 1 of semaphore 0 (ping), which is 0 and which node (1, 0), thread 0, instruction 1 would signal; node "
        "(1, 0), thread 0, instruction 0 waits for 1 of semaphore 1 (pong), which is 0 and which node (1, 0), "
        "thread 1, instruction 1 would signal; node (1, 0), thread 1, instruction 0 waits for 1 of semaphore 0 "
        "(ping), which is 0 and which node (0, 0), thread 0, instruction 1 would signal: a circle of 4 waits (and "
        "at 1 more nodes)");
}

TEST(checker, says_where_nobody_is_left_to_signal) {
    const auto found = check_text("semaphores full first=0 count=2\nthread {\nwait semaphore=full + 1 amount=2\n}\n");
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].message,
                HasSubstr("waits for 2 of semaphore 1 (full+1), which is 0 and which nobody is left to signal"));
}

TEST(checker, counts_the_nodes_of_a_fault_and_names_the_first) {
    const auto found = check_text(R"(
buffer a address=0 bytes=64 type=fp32
thread {
    vector_operation operation=fill destination=a destination_type=fp32 elements=16 + 16
}
)",
                                  {5, 2});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(
        to_string(found[0]),
        "program 'p', node (0, 0), thread 0, instruction 0: buffer: writes bytes 0 to 127, which leave buffer 'a' "
        "of bytes 0 to 63 (and at 9 more nodes)");
}

constexpr const char* adds_in_place = R"(
buffer sum address=0 bytes=64 type=fp32%
buffer part address=64 bytes=64 type=fp32%
thread {
    vector_operation operation=add destination=sum destination_type=fp32 a=sum a_type=fp32 b=part b_type=fp32 elements=16
}
)";
std::string adds_with(const std::string& of_sum, const std::string& of_part) {
    std::string text = adds_in_place;
    text.replace(text.find('%'), 1, of_sum);
    return text.replace(text.find('%'), 1, of_part);
}

TEST(checker, takes_buffers_as_loaded_that_nobody_writes_where_no_program_declares_any) {
    const auto found = check_text(adds_with("", ""));
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].kind, fault_kind::uninitialised);
    EXPECT_THAT(found[0].message, HasSubstr("bytes 0 to 63"));
}

TEST(checker, takes_declared_buffers_as_loaded_and_no_others) {
    EXPECT_THAT(check_text(adds_with(" input=1", " input=1")), IsEmpty());
    EXPECT_THAT(check_text(adds_with(" input=1", "")), SizeIs(1));
}

TEST(checker, takes_the_callers_word_for_what_is_loaded) {
    EXPECT_THAT(check_text(adds_with("", ""), {1, 1}, {.loaded = {"sum", "part"}}), IsEmpty());
    EXPECT_THAT(check_text(adds_with("", ""), {1, 1}, {.loaded = {"sum"}}), SizeIs(1));
    EXPECT_THAT(check_text(adds_with(" input=1", ""), {1, 1}, {.loaded = {"part"}}), IsEmpty());
}

/// A row of nodes in pairs: column 2i sends to column 2i + 1, which sends a credit back.
std::string pairs(const std::string& amount) {
    return R"(
buffer a address=0 bytes=64 type=fp32 input=1
buffer b address=64 bytes=64 type=fp32
semaphores full first=0
semaphores free first=1
thread {
    loop round = 3 {
        push to=(x + 1, y) source=a destination=b row_bytes=64 notify=full
        wait semaphore=free amount=)" +
           amount + R"(
    }
}
)";
}
constexpr const char* receiver = R"(d1p 1
program "receiver"
buffer a address=0 bytes=64 type=fp32 input=1
buffer b address=64 bytes=64 type=fp32
semaphores full first=0
semaphores free first=1
thread {
    loop round = 3 {
        wait semaphore=full
        vector_operation operation=relu destination=a destination_type=fp32 a=b a_type=fp32 elements=16
        signal to=(x - 1, y) semaphore=free
    }
}
)";
std::vector<finding> check_pairs(const std::string& amount, check_depth depth) {
    const program sends = parse("d1p 1\nprogram \"sender\"\n" + pairs(amount), "sender.d1p");
    const program receives = parse(receiver, "receiver.d1p");
    const assignment job{{6, 1}, {&sends, &receives, &sends, &receives, &sends, &receives}};
    return check(job, {.depth = depth});
}

TEST(checker, has_nothing_against_a_good_job_whose_nodes_run_different_programs) {
    EXPECT_THAT(check_pairs("1", check_depth::full), IsEmpty());
    EXPECT_THAT(check_pairs("1", check_depth::quick), IsEmpty());
}

TEST(checker, looks_at_one_of_several_groups_of_nodes_in_a_quick_check) {
    const auto full = check_pairs("0", check_depth::full);
    const auto quick = check_pairs("0", check_depth::quick);
    ASSERT_FALSE(full.empty());
    ASSERT_EQ(full.size(), quick.size());
    for (std::size_t i = 0; i < full.size(); ++i) {
        EXPECT_EQ(to_string(quick[i]), to_string(full[i])) << "unmatched counts are seen at all nodes, races at one";
    }
}

/// A row of 20 nodes: the first reads a buffer and signals the next, each hands the signal on, and the last overwrites
/// the buffer, having waited for `amount` signals.
std::vector<finding> check_relay(std::int64_t amount, check_depth depth) {
    const std::string buffers = R"(
buffer a address=0 bytes=64 type=fp32 input=1
buffer b address=64 bytes=64 type=fp32
semaphores go first=0 left=)" + std::to_string(1 - amount);
    const program first = parse("d1p 1\nprogram \"first\"" + buffers.substr(0, buffers.find("semaphores")) + R"(
semaphores go first=0
thread {
    vector_operation operation=relu destination=b destination_type=fp32 a=a a_type=fp32 elements=16
    signal to=(x + 1, y) semaphore=go
}
)",
                                "first.d1p");
    const program relay = parse(R"(d1p 1
program "relay"
semaphores go first=0
thread {
    wait semaphore=go
    signal to=(x + 1, y) semaphore=go
}
)",
                                "relay.d1p");
    const program last = parse("d1p 1\nprogram \"last\"" + buffers +
                                   "\nthread {\n    wait semaphore=go amount=" + std::to_string(amount) +
                                   "\n    push to=(x - 19, y) source=a destination=a row_bytes=64\n}\n",
                               "last.d1p");
    assignment job{{20, 1}, std::vector<const program*>(20, &relay)};
    job.programs.front() = &first;
    job.programs.back() = &last;
    return check(job, {.depth = depth});
}

TEST(checker, finds_a_race_in_a_large_group_in_a_quick_check) {
    for (const check_depth depth : {check_depth::quick, check_depth::full}) {
        const auto found = check_relay(0, depth);
        ASSERT_THAT(found, SizeIs(1));
        EXPECT_EQ(place_of(found[0], true), "race, node (19, 0), thread 0, instruction 1");
    }
}

TEST(checker, takes_no_order_by_way_of_many_for_a_race_in_a_quick_check) {
    EXPECT_THAT(check_relay(1, check_depth::full), IsEmpty());
    EXPECT_THAT(check_relay(1, check_depth::quick), IsEmpty());
}

TEST(checker, has_nothing_against_exchanges_between_barriers) {
    EXPECT_THAT(check_text(R"(
buffer a address=0 bytes=64 type=fp32 input=1
buffer b address=64 bytes=64 type=fp32
thread {
    loop round = 3 {
        push to=(1 - x, 1 - y) source=a destination=b row_bytes=64
        barrier number=1 corner=(0, 0) columns=2 rows=2
        vector_operation operation=relu destination=a destination_type=fp32 a=b a_type=fp32 elements=16
        barrier number=1 corner=(0, y) columns=2
        barrier number=2 corner=(0, 0) columns=2 rows=2
    }
}
)",
                           {2, 2}),
                IsEmpty());
}

TEST(checker, lets_a_scatter_add_to_its_table) {
    EXPECT_THAT(check_text(R"(
buffer table address=0 bytes=64 type=fp32 input=1
buffer indices address=64 bytes=16 type=int32 content=index input=1
buffer rows address=128 bytes=64 type=fp32 input=1
thread {
    scatter_add table=table table_rows=4 table_type=fp32 indices=indices source=rows source_type=fp32 elements=4
}
)"),
                IsEmpty());
}

}  // namespace
}  // namespace d1::program
