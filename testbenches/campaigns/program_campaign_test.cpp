// Random good jobs give the same bytes at every level of time, and without time.

#include "testbenches/campaigns/program_campaign.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "models/program/text.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::campaigns {
namespace {

std::string text_of(const program::program& p) {
    std::ostringstream text;
    program::print(text, p);
    return text.str();
}

constexpr std::uint64_t first_seed = 1;

TEST(program_campaign, gives_the_same_bytes_at_every_level_and_without_time_for_thousands_of_random_jobs) {
    constexpr std::uint64_t jobs = is_sanitized ? 500 : 2000;
    SCOPED_TRACE("a failing job: program_campaign 1 SEED");
    program_campaign campaign;
    for (std::uint64_t seed = first_seed; seed < first_seed + jobs; ++seed) {
        const auto wrong = campaign.run(seed);
        ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
    }
    EXPECT_GT(campaign.steps(), 10 * jobs) << "the jobs have become trivial";
}

TEST(random_job, holds_instructions_of_every_kind_and_differs_from_seed_to_seed) {
    std::set<std::string> texts;
    std::set<std::size_t> kinds;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const random_job job = make_random_job(seed, {2, 2}, {.sram_bytes = 16384});
        std::string text;
        for (const program::program& p : job.programs) {
            text += text_of(p);
            for (const auto& thread : p.threads) {
                for (const auto& i : thread) kinds.insert(i.index());
            }
        }
        texts.insert(text);
        EXPECT_EQ(text_of(make_random_job(seed, {2, 2}, {.sram_bytes = 16384}).programs[0]), text_of(job.programs[0]));
    }
    EXPECT_EQ(texts.size(), 100U);
    EXPECT_EQ(kinds.size(), 12U) << "gathers, scatters and lists are not among them";
}

}  // namespace
}  // namespace d1::campaigns
