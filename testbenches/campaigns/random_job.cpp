#include "testbenches/campaigns/random_job.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "models/program/builder.hpp"

namespace d1::campaigns {

namespace {

using numerics::number_format;
using program::affine;
using program::transfer_shape;

constexpr std::int64_t region_bytes = 1024;

class random_source {
  public:
    explicit random_source(std::uint64_t seed) : engine_(seed) {}
    // The standard distributions differ between libraries; the engine does not.
    std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

  private:
    std::mt19937_64 engine_;
};

/// Emits instructions that touch whole regions or parts of them.
class region_work {
  public:
    explicit region_work(random_source& random) : random_(random) {}

    /// Computes from `a` and `b` to `to`, three regions of which the last is another than the others.
    void compute(program::thread_builder& t, std::int64_t to, std::int64_t a, std::int64_t b) {
        switch (random_.below(8)) {
            case 5: {
                const auto r = some_rows(a, to);
                t.emit(program::copy<affine>{r.source, r.destination, r.shape});
                return;
            }
            case 6: {
                const std::uint32_t height = 1 + random_.below(8);
                const std::uint32_t width = 1 + random_.below(8);
                t.emit(program::transpose<affine>{.destination = to,
                                                  .source = a,
                                                  .rows = height,
                                                  .columns = width,
                                                  .source_stride = 64,
                                                  .destination_stride = 40,
                                                  .type = some_type()});
                return;
            }
            case 7:
                t.emit(program::reduce<affine>{.operation = static_cast<program::reduction>(random_.below(5)),
                                               .destination = to + random_.between(0, 9),
                                               .source = a,
                                               .rows = 1 + random_.below(4),
                                               .elements = 1 + random_.below(60),
                                               .source_stride = 250,
                                               .destination_type = some_type(),
                                               .source_type = some_type()});
                return;
            case 0:
                t.matrix_multiply({.c = to + std::int64_t{256} * random_.below(4),
                                   .a = a + std::int64_t{64} * random_.below(4),
                                   .b = b + std::int64_t{64} * random_.below(4),
                                   .accumulate = random_.below(2),
                                   .row_blocks = 1,
                                   .column_blocks = 1,
                                   .k_steps = 1 + random_.below(6),
                                   .a_type = {number_format::bf16},
                                   .b_type = {number_format::bf16}});
                return;
            case 1: {  // in place
                const auto type = some_type();
                t.vector_operation({.operation = some_operation(),
                                    .destination = to,
                                    .a = to,
                                    .b = b,
                                    .scalar = 1.5F,
                                    .elements = 1 + random_.below(256),
                                    .destination_type = type,
                                    .a_type = type,
                                    .b_type = type});
                return;
            }
            case 2: {
                const auto i = t.loop(random_.between(-1, 4));
                vector(t, to + 256 * i, a + 256 * i, b, 256);
                return;
            }
            default:
                vector(t, to, a, b, region_bytes);
        }
    }

    /// Rows that lie in a region on either side.
    struct rows {
        std::int64_t source = 0;
        std::int64_t destination = 0;
        transfer_shape shape;
    };
    rows some_rows(std::int64_t source, std::int64_t destination) {
        rows r;
        r.shape.rows = random_.one_in(3) ? 1 : 1 + random_.below(6);
        r.shape.row_bytes = 1 + random_.below(static_cast<std::uint64_t>(region_bytes / r.shape.rows));
        std::tie(r.source, r.shape.source_stride) = side(source, r.shape, 0);
        std::tie(r.destination, r.shape.destination_stride) = side(destination, r.shape, r.shape.row_bytes);
        return r;
    }

  private:
    /// A floating-point type.
    [[nodiscard]] numerics::element_type some_type() {
        constexpr auto formats = static_cast<std::uint32_t>(number_format::cfp16_uhp) + 1;
        const auto bias = static_cast<std::uint8_t>(random_.below(numerics::largest_bias + 1U));
        return {static_cast<number_format>(random_.below(formats)), bias};
    }
    [[nodiscard]] numerics::elementwise_operation some_operation() {
        constexpr auto operations = static_cast<std::uint32_t>(numerics::last_elementwise_operation) + 1;
        return static_cast<numerics::elementwise_operation>(random_.below(operations));
    }
    void vector(program::thread_builder& t, const affine& to, const affine& a, const affine& b, std::int64_t bytes) {
        const std::uint32_t height = random_.one_in(2) ? 1 : 1 + random_.below(4);
        const std::int64_t pitch = bytes / height;
        program::vector_operation<affine> v{.operation = some_operation(),
                                            .destination = to + random_.between(0, 16),
                                            .a = a + random_.between(0, 16),
                                            .b = b + random_.between(0, 16),
                                            .scalar = -0.75F,
                                            .elements = 1 + random_.below(static_cast<std::uint64_t>((pitch - 16) / 4)),
                                            .destination_type = some_type(),
                                            .a_type = some_type(),
                                            .b_type = some_type(),
                                            .broadcast_b = random_.one_in(3),
                                            .rows = height,
                                            .a_stride = random_.one_in(3) ? 0 : pitch,
                                            .b_stride = random_.one_in(3) ? 0 : pitch,
                                            .destination_stride = pitch};
        if (random_.one_in(3)) v.active = random_.between(-2, v.elements + 2);
        if (random_.one_in(3)) {
            v.rounding = numerics::rounding_mode::stochastic;
            v.key = random_.between(0, 1000);
            v.index = random_.between(0, 1000);
            v.index_stride = v.elements;
        }
        t.vector_operation(v);
    }
    /// An address in the region and a stride of at least `least` for the rows.
    std::pair<std::int64_t, std::int64_t> side(std::int64_t region, const transfer_shape& shape, std::int64_t least) {
        const std::int64_t slack = region_bytes - shape.row_bytes;
        if (shape.rows == 1) return {region + random_.between(0, slack), random_.between(-9, 9)};
        const std::int64_t most = slack / (shape.rows - 1);
        const std::int64_t stride = random_.between(std::min(least, most), most);
        const std::int64_t span = stride * (shape.rows - 1);
        const std::int64_t first = random_.between(0, slack - span);
        const bool backwards = random_.one_in(4);
        return {region + first + (backwards ? span : 0), backwards ? -stride : stride};
    }

    random_source& random_;
};

void declare_regions(program::program_builder& b, std::uint32_t count) {
    for (std::uint32_t r = 0; r < count; ++r) {
        b.input_buffer("region" + std::to_string(r), region_bytes, {number_format::fp32});
    }
}

// ------------------------------------------------------------------------------------------------- different programs

class individual_job {
  public:
    individual_job(random_source& random, const grid& nodes, const program::limits& node)
        : random_(random), work_(random), nodes_(nodes), regions_(node.sram_bytes / region_bytes) {
        for (std::uint32_t n = 0; n < nodes.size(); ++n) {
            builders_.push_back(std::make_unique<program::program_builder>("node" + std::to_string(n), node));
            declare_regions(*builders_.back(), regions_);
            const std::uint32_t threads = 1 + random_.below(node.threads);
            for (std::uint32_t t = 0; t < threads; ++t) {
                actors_.push_back(
                    {n, builders_.back()->thread(), builders_.back()->semaphores("done" + std::to_string(t))});
            }
        }
        for (std::uint32_t n = 0; n < nodes.size(); ++n) {
            for (std::uint32_t r = 0; r < regions_; ++r) {
                region start{n, r * region_bytes, random_.below(actors_.size())};
                if (!random_.one_in(3)) start.owner = random_actor_of(n);
                regions_of_job_.push_back(start);
            }
        }
    }

    random_job make() {
        for (std::uint32_t actions = 4 + random_.below(12 * actors_.size()); actions > 0; --actions) act();
        random_job job{nodes_, {}, {}};
        for (std::size_t a = 0; a < actors_.size(); ++a) {
            settle(a);
            while (!actors_[a].incoming.empty()) collect(a);
        }
        for (const auto& b : builders_) {
            job.role_of.push_back(job.programs.size());
            job.programs.push_back(b->build());
        }
        return job;
    }

  private:
    struct region {
        std::uint32_t node = 0;
        std::int64_t address = 0;
        std::size_t owner = 0;
        bool busy = false;        // a transfer of the owner may still touch it
        bool arriving = false;    // the owner has pushed to it, and only its node can know when that is there
        bool travelling = false;  // handed over, not yet collected
    };
    /// Regions that are on their way from one thread to another, in the order in which they were sent.
    struct handover {
        std::size_t from = 0;
        bool local = false;
        std::vector<std::size_t> regions;
    };
    struct actor {
        std::uint32_t node;
        program::thread_builder thread;
        program::semaphore_handle done;
        std::uint32_t pending = 0;  // transfers that will signal `done`
        std::vector<handover> incoming{};
    };

    std::size_t random_actor_of(std::uint32_t node) {
        const auto first = static_cast<std::size_t>(
            std::find_if(actors_.begin(), actors_.end(), [&](const actor& a) { return a.node == node; }) -
            actors_.begin());
        std::size_t count = 0;
        while (first + count < actors_.size() && actors_[first + count].node == node) ++count;
        return first + random_.below(count);
    }
    [[nodiscard]] program::node_reference<affine> place_of(std::uint32_t node) const {
        const coordinate c = nodes_.at(static_cast<node_index>(node));
        return {c.x, c.y};
    }

    /// One of the regions that the actor owns and that nothing else touches, at its node or anywhere.
    std::optional<std::size_t> owned(std::size_t a, bool at_home, const std::vector<std::size_t>& but = {}) {
        std::vector<std::size_t> candidates;
        for (std::size_t r = 0; r < regions_of_job_.size(); ++r) {
            const region& g = regions_of_job_[r];
            if (g.owner == a && !g.busy && !g.arriving && !g.travelling && (!at_home || g.node == actors_[a].node) &&
                std::ranges::find(but, r) == but.end()) {
                candidates.push_back(r);
            }
        }
        if (candidates.empty()) return std::nullopt;
        return candidates[random_.below(candidates.size())];
    }

    void act() {
        const std::size_t a = random_.below(actors_.size());
        if (random_.one_in(3)) {
            if (actors_[a].incoming.empty())
                settle(a);
            else
                collect(a);
        }
        switch (random_.below(6)) {
            case 0:
            case 1:
                return compute(a);
            case 2:
                return push(a);
            case 3:
                return pull(a);
            case 4:
                return give(a);
            default:
                return stream(a, random_.below(actors_.size()));
        }
    }

    void compute(std::size_t a) {
        const auto to = owned(a, true);
        if (!to) return;
        const auto from = owned(a, true, {*to});
        if (!from) return;
        const auto other = owned(a, true, {*to}).value_or(*from);
        work_.compute(actors_[a].thread, regions_of_job_[*to].address, regions_of_job_[*from].address,
                      regions_of_job_[other].address);
    }

    void push(std::size_t a) {
        const auto from = owned(a, true);
        if (!from) return;
        const auto to = owned(a, false, {*from});
        if (!to) return;
        region& source = regions_of_job_[*from];
        region& destination = regions_of_job_[*to];
        actor& me = actors_[a];
        const auto rows = work_.some_rows(source.address, destination.address);
        std::optional<program::semaphore_update<affine>> notify;
        if (random_.one_in(2)) notify = send(a, random_actor_of(destination.node), *to, false);
        me.thread.push({.to = place_of(destination.node),
                        .source = rows.source,
                        .destination = rows.destination,
                        .shape = rows.shape,
                        .done = program::semaphore_update<affine>{me.done, 1},
                        .notify = notify});
        ++me.pending;
        source.busy = true;
        if (!notify) destination.arriving = true;
    }

    void pull(std::size_t a) {
        const auto to = owned(a, true);
        if (!to) return;
        const auto from = owned(a, false, {*to});
        if (!from) return;
        region& source = regions_of_job_[*from];
        region& destination = regions_of_job_[*to];
        actor& me = actors_[a];
        const auto rows = work_.some_rows(source.address, destination.address);
        const std::uint32_t amount = 1 + random_.below(3);
        me.thread.pull({.from = place_of(source.node),
                        .source = rows.source,
                        .destination = rows.destination,
                        .shape = rows.shape,
                        .done = program::semaphore_update<affine>{me.done, amount}});
        me.pending += amount;
        source.busy = destination.busy = true;
    }

    /// Hands a region over to somebody: to anyone, or, where a push may not be there yet, to one at its node.
    void give(std::size_t a) {
        std::vector<std::size_t> candidates;
        for (std::size_t r = 0; r < regions_of_job_.size(); ++r) {
            const region& g = regions_of_job_[r];
            if (g.owner == a && !g.busy && !g.travelling) candidates.push_back(r);
        }
        if (candidates.empty()) return;
        const std::size_t r = candidates[random_.below(candidates.size())];
        region& g = regions_of_job_[r];
        const std::size_t to = g.arriving ? random_actor_of(g.node) : random_.below(actors_.size());
        if (to == a && !g.arriving) return;
        const bool local = !g.arriving && actors_[to].node == actors_[a].node && random_.one_in(2);
        const auto update = send(a, to, r, local);
        if (!update) return;
        g.arriving = false;
        if (local) {
            actors_[a].thread.signal(update->semaphore, update->amount);
        } else {
            actors_[a].thread.signal(place_of(actors_[to].node), update->semaphore, update->amount);
        }
    }

    /// The signal that hands a region over; nothing where the receiver's node has no semaphore left.
    std::optional<program::semaphore_update<affine>> send(std::size_t from, std::size_t to, std::size_t r, bool local) {
        const auto semaphore = channel(from, to, local);
        if (!semaphore) return std::nullopt;
        auto& incoming = actors_[to].incoming;
        auto batch =
            std::ranges::find_if(incoming, [&](const handover& h) { return h.from == from && h.local == local; });
        if (batch == incoming.end()) batch = incoming.insert(batch, handover{from, local, {}});
        batch->regions.push_back(r);
        regions_of_job_[r].travelling = true;
        return program::semaphore_update<affine>{*semaphore, 1};
    }

    /// The semaphore by which one thread alone signals to another, by the network or within their node.
    std::optional<affine> channel(std::size_t from, std::size_t to, bool local) {
        const auto key = std::tuple(from, to, local);
        if (const auto found = channels_.find(key); found != channels_.end()) return found->second;
        program::program_builder& b = *builders_[actors_[to].node];
        constexpr std::uint32_t most = 50;
        std::uint32_t& used = channels_of_[actors_[to].node];
        if (used == most) return std::nullopt;
        const affine made = b.semaphores("channel" + std::to_string(used++));
        channels_.emplace(key, made);
        return made;
    }

    /// Waits for some of what one thread has handed over.
    void collect(std::size_t a) {
        actor& me = actors_[a];
        const std::size_t chosen = random_.below(me.incoming.size());
        handover& h = me.incoming[chosen];
        const std::size_t count = 1 + random_.below(h.regions.size());
        me.thread.wait(*channel(h.from, a, h.local), count);
        for (std::size_t i = 0; i < count; ++i) {
            region& g = regions_of_job_[h.regions[i]];
            g.owner = a;
            g.travelling = g.busy = g.arriving = false;
        }
        h.regions.erase(h.regions.begin(), h.regions.begin() + static_cast<std::ptrdiff_t>(count));
        if (h.regions.empty()) me.incoming.erase(me.incoming.begin() + static_cast<std::ptrdiff_t>(chosen));
    }

    /// Waits for all transfers of the thread.
    void settle(std::size_t a) {
        actor& me = actors_[a];
        if (me.pending == 0) return;
        me.thread.wait(me.done, me.pending);
        me.pending = 0;
        for (region& g : regions_of_job_) {
            if (g.owner == a && !g.travelling) g.busy = false;
        }
    }

    /// Rounds of data from one thread to another, each with a credit back.
    void stream(std::size_t from, std::size_t to) {
        if (from == to || actors_[from].node == actors_[to].node) return;
        const auto source = owned(from, true);
        const auto result = owned(to, true);
        if (!source || !result) return;
        const auto landing = owned(from, false, {*source});
        if (!landing || regions_of_job_[*landing].node != actors_[to].node) return;
        for (const auto& [sender, receiver] : {std::pair(from, to), std::pair(to, from)}) {
            for (const handover& h : actors_[receiver].incoming) {
                if (h.from == sender && !h.local) return;  // its semaphore still counts something else
            }
        }
        const auto full = channel(from, to, false);
        const auto free = channel(to, from, false);
        if (!full || !free) return;
        const std::int64_t there = regions_of_job_[*landing].address;
        const auto rows = work_.some_rows(regions_of_job_[*source].address, there);
        const std::uint32_t rounds = random_.below(5);
        {
            auto& t = actors_[from].thread;
            const auto round = t.loop(rounds);
            t.push({.to = place_of(actors_[to].node),
                    .source = rows.source,
                    .destination = rows.destination,
                    .shape = rows.shape,
                    .notify = program::semaphore_update<affine>{*full, round + 1}});
            t.wait(*free, affine(round) * 2 + 1);
        }
        auto& t = actors_[to].thread;
        const auto round = t.loop(rounds);
        t.wait(*full, round + 1);
        work_.compute(t, regions_of_job_[*result].address, there, there);
        t.signal(place_of(actors_[from].node), *free, affine(round) * 2 + 1);
    }

    random_source& random_;
    region_work work_;
    grid nodes_;
    std::uint32_t regions_;
    std::vector<std::unique_ptr<program::program_builder>> builders_;
    std::vector<actor> actors_;
    std::vector<region> regions_of_job_;
    std::map<std::tuple<std::size_t, std::size_t, bool>, affine> channels_;
    std::map<std::uint32_t, std::uint32_t> channels_of_;  // by node: how many
};

// ------------------------------------------------------------------------------------------------------- one program

/// All nodes run the same: each thread works in its own part of the regions, and with the same thread of the node's
/// mirror image.
random_job make_mirrored_job(random_source& random, const grid& nodes, const program::limits& node) {
    region_work work(random);
    program::program_builder b("mirrored", node);
    const std::uint32_t regions = node.sram_bytes / region_bytes;
    declare_regions(b, regions);
    const program::node_reference<affine> mirror{nodes.columns - 1 - program::x(), nodes.rows - 1 - program::y()};
    const std::uint32_t threads = 1 + random.below(node.threads);
    const std::uint32_t share = regions / threads;
    for (std::uint32_t n = 0; n < threads; ++n) {
        const auto full = b.semaphores("full" + std::to_string(n));
        const auto free = b.semaphores("free" + std::to_string(n));
        const auto done = b.semaphores("done" + std::to_string(n));
        auto t = b.thread();
        // The first region receives, the second sends, the others are worked in; at least four are there.
        const auto region = [&](std::uint32_t r) { return region_bytes * std::int64_t{n * share + r}; };
        const auto inner = [&] { return region(2 + random.below(share - 2)); };
        const auto work_inside = [&] {
            const auto to = inner();
            const auto from = inner();
            if (to != from) work.compute(t, to, from, from);
        };
        for (std::uint32_t actions = 1 + random.below(4); actions > 0; --actions) {
            const auto round = t.loop(random.between(0, 4));
            work_inside();
            const auto rows = work.some_rows(region(1), region(0));
            const affine amount =
                affine(round) + program::x() + 1;  // of the sender: of the mirror image, where received
            const affine expected = affine(round) + (nodes.columns - program::x());
            if (random.one_in(2)) {
                t.push({.to = mirror,
                        .source = rows.source,
                        .destination = rows.destination,
                        .shape = rows.shape,
                        .done = program::semaphore_update<affine>{done, 2},
                        .notify = program::semaphore_update<affine>{full, amount}});
                work_inside();
                t.wait(full, expected);
                work.compute(t, inner(), region(0), region(0));
                t.signal(mirror, free);
                t.wait(done, 2);
                t.wait(free);
            } else {
                t.pull({.from = mirror,
                        .source = rows.source,
                        .destination = rows.destination,
                        .shape = rows.shape,
                        .done = program::semaphore_update<affine>{done, 1}});
                work_inside();
                t.wait(done);
                t.signal(mirror, free, amount);
                t.wait(free, expected);
            }
            work.compute(t, region(1), inner(), region(0));
            // What the mirror image sends next must find this round's data used, and what it pulls the new data.
            if (random.one_in(2)) {
                t.emit(program::barrier<affine>{.number = n,
                                                .columns = static_cast<std::uint32_t>(nodes.columns),
                                                .rows = static_cast<std::uint32_t>(nodes.rows)});
            } else {
                t.signal(mirror, free);
                t.wait(free);
            }
        }
    }
    return {nodes, {b.build()}, std::vector<std::size_t>(nodes.size(), 0)};
}

}  // namespace

random_job make_random_job(std::uint64_t seed, const grid& nodes, const program::limits& node) {
    random_source random(seed);
    if (random.one_in(3)) return make_mirrored_job(random, nodes, node);
    return individual_job(random, nodes, node).make();
}

}  // namespace d1::campaigns
