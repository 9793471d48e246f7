// program_campaign [JOBS [SEED]]: runs random good jobs, with the seeds from SEED (1) on; see program_campaign.hpp.
// Prints the seeds of those that fail, with their programs, and stops at the tenth. Exit code 0: none, 1: some, 2: bad
// usage.

#include <charconv>
#include <cstring>
#include <iostream>
#include <optional>
#include <systemc>

#include "testbenches/campaigns/program_campaign.hpp"

namespace {

std::optional<std::uint64_t> number(const char* text) {
    std::uint64_t value = 0;
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, value);
    return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

}  // namespace

int sc_main(int argc, char* argv[]) {
    constexpr std::uint64_t many = 100'000;
    const auto jobs = argc > 1 ? number(argv[1]) : many;
    const auto first = argc > 2 ? number(argv[2]) : 1;
    if (!jobs || !first || argc > 3) {
        std::cerr << "usage: program_campaign [JOBS [SEED]]\n";
        return 2;
    }
    std::cout << *jobs << " jobs, seeds from " << *first << "\n";
    d1::campaigns::program_campaign campaign;
    std::uint64_t failed = 0;
    constexpr std::uint64_t enough = 10;
    for (std::uint64_t i = 0; i < *jobs && failed < enough; ++i) {
        if (const auto wrong = campaign.run(*first + i)) {
            std::cout << "seed " << *first + i << ": " << *wrong << "\n" << campaign.text_of(*first + i) << "\n";
            ++failed;
        }
        if ((i + 1) % 10'000 == 0)
            std::cout << i + 1 << " jobs, " << campaign.steps() << " instructions\n" << std::flush;
    }
    std::cout << failed << " failed; " << campaign.steps() << " instructions\n";
    return failed == 0 ? 0 : 1;
}
