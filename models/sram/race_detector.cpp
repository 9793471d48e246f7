#include "models/sram/race_detector.hpp"

#include <map>
#include <tuple>

#include "models/packet/address_map.hpp"
#include "models/sram/race_detector_parts.hpp"

namespace d1 {

using namespace race_detection;

namespace {

constexpr std::int64_t window_bytes = std::int64_t{1} << address_map::offset_bits;
constexpr std::size_t races_named = 100;
constexpr std::uint32_t own_version = std::numeric_limits<std::uint32_t>::max();

}  // namespace

class race_detector::implementation {
  public:
    implementation(std::uint32_t nodes, std::uint32_t threads)
        : threads_(threads), states_(std::size_t{nodes} * threads), memories_(nodes), learning_(states_.size()) {
        labels_.resize(states_.size());  // those below are lanes of the threads' versions and name no access
    }

    void thread_access(std::uint32_t thread, node_index memory, std::uint32_t instruction, std::int64_t address,
                       std::int64_t bytes, bool write) {
        thread_state& t = states_[thread];
        const std::uint32_t l = label_for({thread, instruction, access_kind::compute, 0});
        t.accessed = true;
        const event self = make_event(l, version(t));
        access({thread, own_version, *t.known, self, no_event}, memory, address, bytes, write);
    }

    knowledge release(std::uint32_t thread) {
        thread_state& t = states_[thread];
        if (t.accessed) {
            t.log.push_back(nothing);
            t.accessed = false;
        }
        if (t.released_version != version(t)) {
            t.released_version = version(t);
            t.released = add_fact(nothing, nothing, make_event(thread, version(t)));
        }
        return t.released;
    }

    knowledge release(std::uint32_t thread, node_index to) {
        const auto pushed = pushed_.find(pair_of(thread, to_number(to)));
        return join(release(thread), pushed == pushed_.end() ? nothing : pushed->second);
    }

    void acquire(std::uint32_t thread, knowledge learnt) {
        thread_state& t = states_[thread];
        gather(thread, learnt);
        if (fresh_.empty()) {
            return;
        }
        t.log.push_back(learnt);
        t.accessed = false;
        std::ranges::sort(fresh_, {}, &event_run::first);
        unite(*t.known, fresh_, united_);
        if (t.known.use_count() == 1) {
            t.known->swap(united_);
        } else {
            t.known = std::make_shared<event_set>(united_);
        }
    }

    knowledge join(knowledge a, knowledge b) {
        return a == b || b == nothing ? a : a == nothing ? b : add_fact(a, b, no_event);
    }

    transfer_id begin_transfer(std::uint32_t thread, std::uint32_t instruction, std::optional<node_index> pushed_to) {
        if (free_.empty()) {
            transfers_.emplace_back();
            free_.push_back(static_cast<transfer_id>(transfers_.size()));
        }
        const transfer_id id = free_.back();
        free_.pop_back();
        const std::uint32_t l = label_for({thread, instruction, access_kind::transfer_read, 0}, pushed_to);
        transfer_state& x = transfers_[id - 1];
        x.thread = thread;
        x.forked = release(thread);
        x.version = version(states_[thread]);
        x.known = states_[thread].known;
        x.read = make_event(l, labels_[l].transfers++);
        x.write = x.read + next_label;
        x.reads_done = nothing;
        x.all_done = nothing;
        if (pushed_to) {
            knowledge& pushed = pushed_[pair_of(thread, to_number(*pushed_to))];
            pushed = x.all_done = add_fact(x.forked, pushed, x.write);
        }
        return id;
    }

    void transfer_access(transfer_id id, node_index memory, std::int64_t address, std::int64_t bytes, bool write) {
        const transfer_state& x = transfers_.at(id - 1);
        access({x.thread, x.version, *x.known, write ? x.write : x.read, x.write}, memory, address, bytes, write);
    }

    knowledge reads_done(transfer_id id) {
        transfer_state& x = transfers_.at(id - 1);
        return x.reads_done != nothing ? x.reads_done : x.reads_done = add_fact(x.forked, nothing, x.read);
    }
    knowledge all_done(transfer_id id) {
        transfer_state& x = transfers_.at(id - 1);
        return x.all_done != nothing ? x.all_done : x.all_done = add_fact(x.forked, nothing, x.write);
    }

    void end_transfer(transfer_id id) {
        transfers_.at(id - 1).known = nullptr;
        free_.push_back(id);
    }

    [[nodiscard]] const std::vector<race>& races() const noexcept { return races_; }
    [[nodiscard]] std::uint64_t race_count() const noexcept { return race_count_; }
    [[nodiscard]] std::uint64_t forgotten_reads() const noexcept { return readers_.forgotten(); }
    [[nodiscard]] std::size_t footprint() const noexcept;

  private:
    /// Who makes an access, and what is known to come before it.
    struct actor {
        std::uint32_t thread;
        std::uint32_t version;  // of the thread itself, what lies below is known
        const event_set& known;
        event self;
        event own_write;  // the actor's own writes, if it is a transfer
    };

    [[nodiscard]] static std::uint32_t version(const thread_state& t) noexcept {
        return static_cast<std::uint32_t>(t.log.size());
    }
    [[nodiscard]] static std::uint64_t pair_of(std::uint32_t a, std::uint32_t b) noexcept { return make_event(a, b); }

    [[nodiscard]] std::uint32_t label_for(const label& wanted, std::optional<node_index> pushed_to = {}) {
        // A place without a destination is told from node 0 by its number 0, which destinations do not have.
        const std::uint64_t place = std::uint64_t{pushed_to ? to_number(*pushed_to) + 1 : 0} << 1 |
                                    static_cast<std::uint64_t>(wanted.kind != access_kind::compute);
        const auto [found, is_new] = label_numbers_.try_emplace(
            std::pair(pair_of(wanted.thread, wanted.instruction), place), static_cast<std::uint32_t>(labels_.size()));
        if (is_new) {
            labels_.push_back(wanted);
            if (wanted.kind == access_kind::transfer_read) {
                labels_.push_back({wanted.thread, wanted.instruction, access_kind::transfer_write, 0});
            }
        }
        return found->second;
    }

    knowledge add_fact(knowledge left, knowledge right, event what) {
        facts_.push_back({left, right, what});
        visited_.push_back(0);
        return static_cast<knowledge>(facts_.size() - 1);
    }

    /// The end of what is known from e on: e itself if e is not known.
    [[nodiscard]] event known_from(const actor& who, event e) const noexcept {
        const label& l = labels_[label_of(e)];
        if (l.kind == access_kind::compute) {
            const std::uint32_t version = l.thread == who.thread
                                              ? who.version
                                              : index_of(known_until(who.known, make_event(l.thread, index_of(e))));
            return std::max(e, make_event(label_of(e), version));
        }
        const event end = known_until(who.known, e);
        // Who knows the writes of a transfer knows its reads.
        return end != e || l.kind == access_kind::transfer_write ? end
                                                                 : known_until(who.known, e + next_label) - next_label;
    }
    [[nodiscard]] bool knows(const actor& who, event e) const noexcept { return known_from(who, e) != e; }
    /// The first event of the run that is not known, or its end.
    [[nodiscard]] event first_unknown(const actor& who, event_run r) const noexcept {
        for (event e = r.first; e < r.end;) {
            const event end = known_from(who, e);
            if (end == e) {
                return e;
            }
            e = end;
        }
        return r.end;
    }

    void gather(std::uint32_t thread, knowledge learnt);
    void access(const actor& who, node_index memory, std::int64_t address, std::int64_t bytes, bool write);
    [[nodiscard]] reader_sets::id with_reader(const actor& who, reader_sets::id set);
    void report(node_index memory, std::uint32_t address, std::uint32_t bytes, event earlier, bool wrote, event later,
                bool writes);
    [[nodiscard]] race_party party(event e, bool write) const noexcept;

    std::uint32_t threads_;
    std::vector<thread_state> states_;
    std::vector<shadow_memory> memories_;
    std::vector<transfer_state> transfers_;
    std::vector<transfer_id> free_;
    std::vector<label> labels_;
    boost::unordered_flat_map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> label_numbers_;
    boost::unordered_flat_map<std::uint64_t, knowledge> pushed_;  // by thread and destination: its pushes there

    std::vector<fact> facts_{{nothing, nothing, no_event}};
    std::vector<std::uint32_t> visited_{0};  // by fact: the last walk that came by

    // One walk of gather().
    struct learning {
        std::uint32_t walk = 0;
        std::uint32_t version = 0;
    };
    std::uint32_t walk_ = 0;
    std::vector<learning> learning_;  // by thread: what is known of it, in walk `walk`
    std::vector<knowledge> to_visit_;
    event_set fresh_;
    event_set united_;

    reader_sets readers_;

    std::vector<race> races_;
    std::map<std::tuple<race_party, race_party>, bool> named_;
    std::uint64_t race_count_ = 0;
};

// ------------------------------------------------------------------------------------------------ knowledge

/// Sets fresh_ to what `learnt` covers and the thread does not know. What is known is closed: who knows an event knows
/// all that the fact of it leads to, so the walk ends at what is known.
void race_detector::implementation::gather(std::uint32_t thread, knowledge learnt) {
    const event_set& known = *states_[thread].known;
    fresh_.clear();
    to_visit_.assign(1, learnt);
    ++walk_;
    while (!to_visit_.empty()) {
        const knowledge k = to_visit_.back();
        to_visit_.pop_back();
        if (k == nothing || visited_[k] == walk_) {
            continue;
        }
        visited_[k] = walk_;
        const fact& f = facts_[k];
        if (f.what != no_event && label_of(f.what) < states_.size()) {
            const std::uint32_t other = label_of(f.what);
            if (other == thread) {
                continue;
            }
            learning& l = learning_[other];
            if (l.walk != walk_) {
                l = {walk_, index_of(known_until(known, make_event(other, 0)))};
            }
            if (l.version < index_of(f.what)) {
                const auto& log = states_[other].log;
                to_visit_.insert(to_visit_.end(), log.begin() + l.version, log.begin() + index_of(f.what));
                fresh_.push_back({make_event(other, l.version), f.what});
                l.version = index_of(f.what);
            }
            continue;
        }
        if (f.what != no_event) {
            const bool of_reads = labels_[label_of(f.what)].kind == access_kind::transfer_read;
            if (known_until(known, f.what) != f.what ||
                (of_reads && known_until(known, f.what + next_label) != f.what + next_label)) {
                continue;
            }
            fresh_.push_back({f.what, f.what + 1});
        }
        to_visit_.push_back(f.left);
        to_visit_.push_back(f.right);
    }
}

// ------------------------------------------------------------------------------------------------ accesses

void race_detector::implementation::access(const actor& who, node_index memory, std::int64_t address,
                                           std::int64_t bytes, bool write) {
    if (address < 0) {
        bytes = bytes < 0 ? 0 : bytes + address;
        address = 0;
    }
    if (bytes <= 0 || address >= window_bytes) {
        return;
    }
    const auto first = static_cast<std::uint32_t>(address);
    const auto end = static_cast<std::uint32_t>(address + std::min(bytes, window_bytes - address));
    if (readers_.wants_collection()) {
        readers_.collect([this](auto&& rename) {
            for (shadow_memory& m : memories_) {
                m.for_each_cell([&rename](cell& c) { rename(c.readers); });
            }
        });
    }
    memories_[to_number(memory)].update(first, end, [&](cell c, std::uint32_t begin, std::uint32_t length) {
        const bool continues = write && c.write == who.own_write;  // another piece of the same transfer
        if (c.write != no_event && !continues && !knows(who, c.write)) {
            report(memory, begin, length, c.write, true, who.self, write);
        }
        if (!write) {
            c.readers = with_reader(who, c.readers);
            return c;
        }
        for (const event_run& r : readers_[c.readers]) {
            if (const event unknown = first_unknown(who, r); unknown != r.end) {
                report(memory, begin, length, unknown, false, who.self, true);
            }
        }
        c.write = who.self;
        c.readers = 0;
        return c;
    });
}

/// The set and the reader, without reads of the same instruction or thread that come before: what knows the later read
/// knows them.
reader_sets::id race_detector::implementation::with_reader(const actor& who, reader_sets::id set) {
    const bool is_transfer = who.own_write != no_event;
    return readers_.with(set, who.self, is_transfer, [&](const event_run& r) {
        return labels_[label_of(r.first)].thread == who.thread && first_unknown(who, r) == r.end;
    });
}

// ------------------------------------------------------------------------------------------------ reports

race_party race_detector::implementation::party(event e, bool write) const noexcept {
    const label& l = labels_[label_of(e)];
    return {static_cast<node_index>(l.thread / threads_), l.thread % threads_, l.instruction,
            l.kind != access_kind::compute, write};
}

void race_detector::implementation::report(node_index memory, std::uint32_t address, std::uint32_t bytes, event earlier,
                                           bool wrote, event later, bool writes) {
    ++race_count_;
    if (races_.size() == races_named) {
        return;
    }
    const race r{memory, address, bytes, party(earlier, wrote), party(later, writes)};
    std::tuple nodeless(r.earlier, r.later);
    std::get<0>(nodeless).node = std::get<1>(nodeless).node = node_index{};
    if (named_.try_emplace(nodeless, true).second) {
        races_.push_back(r);
    }
}

std::size_t race_detector::implementation::footprint() const noexcept {
    std::size_t bytes = sizeof *this + states_.capacity() * sizeof(thread_state) +
                        memories_.capacity() * sizeof(shadow_memory) + transfers_.capacity() * sizeof(transfer_state) +
                        labels_.capacity() * sizeof(label) + label_numbers_.bucket_count() * 24 +
                        pushed_.bucket_count() * 16 + facts_.capacity() * sizeof(fact) + visited_.capacity() * 4 +
                        learning_.capacity() * sizeof(learning) + readers_.footprint();
    for (const thread_state& t : states_) {
        bytes += t.log.capacity() * sizeof(knowledge) + t.known->capacity() * sizeof(event_run);
    }
    for (const transfer_state& x : transfers_) {
        bytes += x.known ? x.known->capacity() * sizeof(event_run) : 0;  // counted twice where shared
    }
    for (const shadow_memory& m : memories_) {
        bytes += m.footprint();
    }
    return bytes;
}

std::string to_string(const race& r) {
    const auto name = [](const race_party& p) {
        return "node number " + std::to_string(to_number(p.node)) + ", thread " + std::to_string(p.thread) +
               ", instruction " + std::to_string(p.instruction) + (p.transfer ? " (transfer) " : " ") +
               (p.write ? "writes" : "reads");
    };
    return "race on bytes " + std::to_string(r.address) + ".." + std::to_string(r.address + r.bytes - 1) +
           " of node number " + std::to_string(to_number(r.memory)) + ": " + name(r.earlier) + "; " + name(r.later) +
           "; nothing orders them";
}

// ------------------------------------------------------------------------------------------------ the face

race_detector::race_detector(std::uint32_t nodes, std::uint32_t threads)
    : nodes_(nodes), threads_(threads), implementation_(std::make_unique<implementation>(nodes, threads)) {}
race_detector::race_detector(race_detector&&) noexcept = default;
race_detector& race_detector::operator=(race_detector&&) noexcept = default;
race_detector::~race_detector() = default;

void race_detector::reset() {
    implementation_ = std::make_unique<implementation>(nodes_, threads_);
}

void race_detector::thread_access(node_index node, std::uint32_t thread, std::uint32_t instruction,
                                  std::int64_t address, std::int64_t bytes, bool write) {
    implementation_->thread_access(number_of(node, thread), node, instruction, address, bytes, write);
}
race_detector::knowledge race_detector::release(node_index node, std::uint32_t thread, std::optional<node_index> to) {
    return to ? implementation_->release(number_of(node, thread), *to)
              : implementation_->release(number_of(node, thread));
}
void race_detector::acquire(node_index node, std::uint32_t thread, knowledge learnt) {
    implementation_->acquire(number_of(node, thread), learnt);
}
race_detector::knowledge race_detector::join(knowledge a, knowledge b) {
    return implementation_->join(a, b);
}
race_detector::transfer_id race_detector::begin_transfer(node_index node, std::uint32_t thread,
                                                         std::uint32_t instruction,
                                                         std::optional<node_index> pushed_to) {
    return implementation_->begin_transfer(number_of(node, thread), instruction, pushed_to);
}
void race_detector::transfer_access(transfer_id transfer, node_index memory, std::int64_t address, std::int64_t bytes,
                                    bool write) {
    implementation_->transfer_access(transfer, memory, address, bytes, write);
}
race_detector::knowledge race_detector::reads_done(transfer_id transfer) {
    return implementation_->reads_done(transfer);
}
race_detector::knowledge race_detector::all_done(transfer_id transfer) {
    return implementation_->all_done(transfer);
}
void race_detector::end_transfer(transfer_id transfer) {
    implementation_->end_transfer(transfer);
}
const std::vector<race>& race_detector::races() const noexcept {
    return implementation_->races();
}
std::uint64_t race_detector::race_count() const noexcept {
    return implementation_->race_count();
}
std::uint64_t race_detector::forgotten_reads() const noexcept {
    return implementation_->forgotten_reads();
}
std::size_t race_detector::footprint() const noexcept {
    return implementation_->footprint();
}

}  // namespace d1
