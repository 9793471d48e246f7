#include "testbenches/campaigns/program_campaign.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <span>
#include <sstream>
#include <utility>

#include "models/numerics/counter_random.hpp"
#include "models/program/checker.hpp"
#include "models/program/text.hpp"
#include "models/program/untimed.hpp"

namespace d1::campaigns {

namespace {

constexpr std::uint32_t memory_bytes = 16384;
constexpr std::int32_t most_nodes = 16;

program::limits limits_of(const d1_parameters& p) {
    return {p.die.node.sram.bytes, p.die.node.sram.semaphores, p.die.node.core.threads};
}

/// What a node's memory holds at first.
std::vector<std::byte> start_of(std::uint64_t seed, std::uint32_t node) {
    std::vector<std::byte> bytes(memory_bytes);
    std::mt19937_64 engine(numerics::counter_random(seed, 1, node));
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t word = engine();
        std::memcpy(&bytes[i], &word, sizeof word);
    }
    return bytes;
}

std::string describe(std::uint32_t node, std::span<const std::byte> got, std::span<const std::byte> expected) {
    const auto first = std::ranges::mismatch(got, expected).in1 - got.begin();
    return "node " + std::to_string(node) + " differs from byte " + std::to_string(first) + " on";
}

job job_of(const random_job& random, placement where) {
    job j{std::move(where), {}};
    for (const program::program& p : random.programs) {
        j.roles.push_back({std::make_shared<const program::program>(p), {}});
    }
    for (std::uint32_t n = 0; n < random.nodes.size(); ++n) {
        j.roles[random.role_of[n]].members.push_back(random.nodes.at(static_cast<node_index>(n)));
    }
    return j;
}

}  // namespace

program_campaign::program_campaign() {
    const d1_parameters usual;
    add("one", {1, 1}, {}, usual);
    add("two", {2, 1}, {}, usual);
    add("four", {2, 2}, {}, usual);
    add("row", {7, 1}, {}, usual);
    add("square", {4, 4}, {}, usual);
    add("holes", {5, 4}, {{1, 1}, {3, 0}, {3, 2}, {0, 3}}, usual);
    d1_parameters narrow;  // queues that fill, banks that conflict, short quanta
    narrow.die.node.network_interface = {.engines = 1, .queue_depth = 1, .max_outstanding = 1, .burst_packets = 3};
    narrow.die.node.core.sram_banks = 2;
    narrow.die.noc.buffer_depth = 2;
    narrow.simulation.quantum = 7;
    add("narrow", {3, 3}, {{1, 1}}, narrow);
    add("narrow_square", {4, 4}, {}, narrow);
}

void program_campaign::add(const std::string& name, grid places, const std::vector<coordinate>& dead,
                           const d1_parameters& parameters) {
    d1_parameters p = parameters;
    p.die.noc.columns = static_cast<std::uint32_t>(places.columns);
    p.die.noc.rows = static_cast<std::uint32_t>(places.rows);
    p.die.harvest.dead = dead;
    p.die.node.sram.bytes = memory_bytes;
    dies_.push_back(std::make_unique<die>(name.c_str(), p, die_checks{.races = true, .protocol = true}));
}

program_campaign::choice program_campaign::choose(std::uint64_t seed) const {
    const auto draw = [&](std::uint64_t which, std::int64_t most) {
        return 1 +
               static_cast<std::int32_t>(numerics::counter_random(seed, 0, which) % static_cast<std::uint64_t>(most));
    };
    choice c;
    c.die = static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(dies_.size())) - 1);
    const auto live = std::min(most_nodes, static_cast<std::int32_t>(dies_[c.die]->live_nodes()));
    c.nodes.columns = draw(1, live);
    c.nodes.rows = draw(2, live / c.nodes.columns);
    return c;
}

std::optional<std::string> program_campaign::run(std::uint64_t seed) {
    const choice c = choose(seed);
    die& on = *dies_[c.die];
    const program::limits limits = limits_of(on.parameters());
    const random_job random = make_random_job(seed, c.nodes, limits);
    const job j = job_of(random, on.place(c.nodes));
    const program::assignment who = assignment_of(j);

    const auto found = program::check(who, {.node = limits, .orders = 2});
    if (!found.empty()) return "the checker: " + to_string(found.front());

    // Every other job in an order of its own.
    program::untimed_machine machine(who, {.node = limits,
                                           .arithmetic = {on.parameters().arithmetic.keep_subnormals},
                                           .schedule = seed % 2 == 0 ? 0 : seed});
    for (std::uint32_t n = 0; n < c.nodes.size(); ++n) {
        std::ranges::copy(start_of(seed, n), machine.memory(static_cast<node_index>(n)).begin());
    }
    if (machine.run() != program::untimed_status::finished) return "the untimed machine does not come to its end";
    steps_ += machine.steps();

    std::optional<statistics::energy_events> events;
    for (const timing_kind timing : {timing_kind::lt, timing_kind::at, timing_kind::ca}) {
        const std::string where = std::string(on.name()) + " at " + to_string(timing) + ": ";
        on.reset();
        on.set_timing(timing);
        run_result r;
        if (auto wrong = run(on, j, seed, r)) return where + *wrong;
        // What is done does not depend on when: energy goes to the same events at every level.
        r.events.time = r.events.node_time = 0;
        if (events && *events != r.events) return where + "other counts of events than at lt";
        events = r.events;
        std::vector<std::byte> got(memory_bytes);
        for (std::uint32_t n = 0; n < c.nodes.size(); ++n) {
            on.read(j.where.nodes[n], 0, got);
            const auto expected = machine.memory(static_cast<node_index>(n));
            if (!std::ranges::equal(got, expected)) return where + describe(n, got, expected);
        }
    }
    return std::nullopt;
}

std::optional<std::string> program_campaign::run(die& d, const job& j, std::uint64_t seed, run_result& r) const {
    for (std::uint32_t n = 0; n < j.where.logical.size(); ++n) d.load(j.where.nodes[n], 0, start_of(seed, n));
    d.launch(j);
    r = d.run();
    if (r.status != run_status::finished) return "the run ends otherwise: " + r.message;
    if (r.address_errors != 0) return "address errors";
    if (r.stack.total() != r.cycles * d.live_nodes()) return "node-cycles without a class, or with two";
    if (d.bursts().in_use() != 0) return "bursts are left over";
    if (d.races()->race_count() != 0) return to_string(d.races()->races().front());
    for (const node_index n : j.where.nodes) {
        const semaphore_file& semaphores = d.at(n).semaphores();
        for (std::uint32_t s = 0; s < semaphores.size(); ++s) {
            if (semaphores.value(s) != 0) return "a semaphore is left with a count";
        }
    }
    return std::nullopt;
}

std::string program_campaign::text_of(std::uint64_t seed) const {
    const choice c = choose(seed);
    const random_job random = make_random_job(seed, c.nodes, limits_of(dies_[c.die]->parameters()));
    std::ostringstream text;
    text << "# " << c.nodes.columns << " x " << c.nodes.rows << " nodes of die '" << dies_[c.die]->name() << "'\n";
    for (std::size_t i = 0; i < random.programs.size(); ++i) {
        text << "\n# nodes";
        for (std::uint32_t n = 0; n < random.role_of.size(); ++n) {
            if (random.role_of[n] == i) text << ' ' << n;
        }
        text << '\n';
        program::print(text, random.programs[i]);
    }
    return text.str();
}

}  // namespace d1::campaigns
