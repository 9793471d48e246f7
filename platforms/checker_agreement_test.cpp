// What the checker says before a run agrees with what a run shows.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "models/parameter/error.hpp"
#include "models/program/checker.hpp"
#include "models/program/fault_corpus.hpp"
#include "models/reporting/expect_report.hpp"
#include "platforms/die_test_jobs.hpp"
#include "platforms/job_file.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::fault_kind;

/// Threads and instructions that a run found racing. Not the nodes: of nodes that run the same, the detector names one.
std::set<std::pair<std::uint32_t, std::size_t>> racing_instructions(const die& d) {
    std::set<std::pair<std::uint32_t, std::size_t>> all;
    for (const race& r : d.races()->races()) {
        for (const race_party& p : {r.earlier, r.later}) all.insert({p.thread, p.instruction});
    }
    return all;
}

std::string end_of(die& d, const job& j) {
    try {
        d.launch(j);
    } catch (const input_error&) {
        return "refused";
    }
    const run_result r = d.run();
    switch (r.status) {
        case run_status::failed:
            return "failed";
        case run_status::deadlock:
            return "deadlock";
        case run_status::interrupted:
            return "interrupted";
        case run_status::finished:
            break;
    }
    return r.address_errors != 0 ? "address errors" : d.races()->race_count() != 0 ? "race" : "finished";
}

TEST(checker_agreement, every_seeded_fault_ends_as_it_says_and_races_are_those_of_the_race_detector) {
    die d("die", grid_of(4, 2), die_checks::all());
    for (const auto& fault : program::fault_corpus::all()) {
        SCOPED_TRACE(fault.name);
        d.reset();
        const job j = job_of(fault.programs, d);
        std::optional<reporting::expect_report> address_error;
        if (fault.run == "address errors") address_error.emplace(sc_core::SC_WARNING, "address error");
        EXPECT_EQ(end_of(d, j), fault.run);
        const auto found = program::check(assignment_of(j));
        ASSERT_FALSE(found.empty());
        if (found.front().kind == fault_kind::race) {
            const auto racing = racing_instructions(d);
            for (const program::finding& f : found) {
                EXPECT_TRUE(racing.contains({f.thread.value(), f.instruction.value()})) << program::to_string(f);
            }
        } else if (found.front().kind == fault_kind::uninitialised) {
            EXPECT_GT(d.uninitialised()->count(), 0U);
        } else {
            EXPECT_EQ(d.races()->race_count(), 0U);
        }
    }
}

TEST(checker_agreement, a_good_job_is_good_before_and_in_the_run) {
    die d("die", grid_of(3, 2), die_checks::all());
    const ring work(d.place({3, 2}));
    for (const program::finding& f : program::check(assignment_of(work.work()))) {
        ADD_FAILURE() << program::to_string(f);
    }
    work.load(d);
    EXPECT_EQ(run(d, work.work()).status, run_status::finished);
    EXPECT_EQ(d.races()->race_count(), 0U);
}

}  // namespace
}  // namespace d1
