#pragma once
// What the race detector is made of: events and sets of them, and what it remembers of each byte of a memory.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace d1::race_detection {

/// label << 32 | index. A label is a kind of access by one instruction of one thread; the index is the thread's version
/// or the number of the transfer.
using event = std::uint64_t;
constexpr event no_event = std::numeric_limits<event>::max();
constexpr event next_label = event{1} << 32;

[[nodiscard]] constexpr event make_event(std::uint32_t label, std::uint32_t index) noexcept {
    return event{label} << 32 | index;
}
[[nodiscard]] constexpr std::uint32_t label_of(event e) noexcept {
    return static_cast<std::uint32_t>(e >> 32);
}
[[nodiscard]] constexpr std::uint32_t index_of(event e) noexcept {
    return static_cast<std::uint32_t>(e);
}

/// Events [first, end), of one label.
struct event_run {
    event first;
    event end;
    friend constexpr bool operator==(const event_run&, const event_run&) = default;
};
/// Sorted, disjoint, never adjacent.
using event_set = std::vector<event_run>;

/// The end of the run that contains e, or e itself if none does.
[[nodiscard]] inline event known_until(std::span<const event_run> set, event e) noexcept {
    const auto after = std::ranges::upper_bound(set, e, {}, &event_run::first);
    return after == set.begin() ? e : std::max(e, std::prev(after)->end);
}

inline void append(event_set& set, event_run r) {
    if (!set.empty() && r.first <= set.back().end) {
        set.back().end = std::max(set.back().end, r.end);
    } else {
        set.push_back(r);
    }
}

/// The union of two lists sorted by their runs' beginnings.
inline void unite(std::span<const event_run> a, std::span<const event_run> b, event_set& result) {
    result.clear();
    while (!a.empty() || !b.empty()) {
        auto& from = b.empty() || (!a.empty() && a.front().first <= b.front().first) ? a : b;
        append(result, from.front());
        from = from.subspan(1);
    }
}

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {  // the finaliser of SplitMix64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return x ^ x >> 31;
}
[[nodiscard]] constexpr std::uint64_t hash_of(const event_run& r) noexcept {
    return mix(r.first * 0x9E3779B97F4A7C15U + r.end);
}

/// Sets of reads, each stored once. Set 0 is empty.
class reader_sets {
  public:
    using id = std::uint32_t;
    static constexpr std::size_t max_runs = 1024;                            // of a set
    static constexpr std::size_t budget = (256U << 20) / sizeof(event_run);  // of all sets

    [[nodiscard]] std::span<const event_run> operator[](id set) const noexcept {
        return std::span(runs_).subspan(sets_[set].offset, sets_[set].count);
    }

    /// `set` and e, without those runs for which drop() holds; with `of_label`, only runs of e's label are considered.
    /// What it drops is a matter of set and e alone: successive pieces of a transfer often ask the same again.
    template <typename Drop>
    [[nodiscard]] id with(id set, event e, bool of_label, Drop&& drop) {
        answer& recent = answers_[mix(e + (std::uint64_t{set} << 16)) % answers_.size()];
        if (recent.reader != e || recent.set != set) {
            recent = {set, make_with(set, e, of_label, drop), e};
        }
        return recent.result;
    }

    [[nodiscard]] bool wants_collection() const noexcept { return runs_.size() > collect_at_; }

    /// Keeps the sets that `cells` name, and renames them there.
    template <typename ForEachCell>
    void collect(ForEachCell&& for_each_cell) {
        reader_sets kept;
        std::vector<id> renamed(sets_.size(), 0);
        for_each_cell([&](id& set) {
            if (set != 0 && renamed[set] == 0) {
                const auto runs = (*this)[set];
                kept.scratch_.assign(runs.begin(), runs.end());
                renamed[set] = kept.intern();
            }
            set = renamed[set];
        });
        kept.forgotten_ = forgotten_;
        kept.full_ = kept.runs_.size() > budget / 2;
        kept.collect_at_ = std::max(collect_at_, 2 * kept.runs_.size());
        *this = std::move(kept);
    }

    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }
    [[nodiscard]] std::size_t footprint() const noexcept {
        return runs_.capacity() * sizeof(event_run) + sets_.capacity() * sizeof(stored) +
               by_hash_.bucket_count() * sizeof(std::pair<std::uint64_t, id>);
    }

  private:
    struct stored {
        std::size_t offset = 0;
        std::uint32_t count = 0;
        id next_of_hash = 0;
    };
    struct answer {
        id set = 0;
        id result = 0;
        event reader = no_event;
    };

    template <typename Drop>
    [[nodiscard]] id make_with(id set, event e, bool of_label, Drop&& drop) {
        const auto old = (*this)[set];
        const auto from = [&old](event begin) { return std::ranges::lower_bound(old, begin, {}, &event_run::first); };
        const event label_begin = make_event(label_of(e), 0);
        const auto first = of_label ? from(label_begin) : old.begin();
        const auto last = of_label ? from(label_begin + next_label) : old.end();
        scratch_.assign(old.begin(), first);
        std::remove_copy_if(first, last, std::back_inserter(scratch_), drop);
        scratch_.insert(scratch_.end(), last, old.end());
        insert(scratch_, e);
        if (scratch_.size() > max_runs || (full_ && scratch_.size() > old.size())) {
            ++forgotten_;
            return set;
        }
        return intern();
    }

    static void insert(event_set& set, event e) {
        auto after = std::ranges::upper_bound(set, e, {}, &event_run::first);
        const bool joins_after = after != set.end() && after->first == e + 1;
        if (after != set.begin() && std::prev(after)->end >= e) {
            auto before = std::prev(after);
            before->end = std::max(before->end, joins_after ? after->end : e + 1);
            if (joins_after) {
                set.erase(after);
            }
        } else if (joins_after) {
            after->first = e;
        } else {
            set.insert(after, {e, e + 1});
        }
    }

    /// The set that scratch_ holds.
    [[nodiscard]] id intern() {
        std::uint64_t hash = scratch_.size();
        for (const event_run& r : scratch_) {
            hash += hash_of(r);
        }
        id& chain = by_hash_[hash];
        for (id candidate = chain; candidate != 0; candidate = sets_[candidate].next_of_hash) {
            if (std::ranges::equal((*this)[candidate], scratch_)) {
                return candidate;
            }
        }
        sets_.push_back({runs_.size(), static_cast<std::uint32_t>(scratch_.size()), chain});
        runs_.insert(runs_.end(), scratch_.begin(), scratch_.end());
        return chain = static_cast<id>(sets_.size() - 1);
    }

    std::vector<event_run> runs_;
    std::vector<stored> sets_{stored{}};
    boost::unordered_flat_map<std::uint64_t, id> by_hash_;
    event_set scratch_;
    std::vector<answer> answers_{std::vector<answer>(1024)};
    std::uint64_t forgotten_ = 0;
    std::size_t collect_at_ = std::size_t{1} << 20;
    bool full_ = false;
};

/// Bytes of one state, up to the next cell of the page.
struct cell {
    std::uint32_t begin = 0;  // in the page
    reader_sets::id readers = 0;
    event write = no_event;
    [[nodiscard]] bool same_state(const cell& other) const noexcept {
        return readers == other.readers && write == other.write;
    }
};

/// What is remembered of one node's memory.
class shadow_memory {
  public:
    /// Replaces the cells in [first, end) by change(cell, first byte, bytes), where all are ranges of equal state.
    template <typename Change>
    void update(std::uint32_t first, std::uint32_t end, Change&& change) {
        if (pages_.size() * page_bytes < end) {
            pages_.resize((std::size_t{end} + page_bytes - 1) / page_bytes);
        }
        while (first < end) {
            const std::uint32_t start = first / page_bytes * page_bytes;
            const std::uint32_t stop = std::min(end, start + page_bytes);
            update_page(
                pages_[start / page_bytes], first - start, stop - start,
                [&](cell c, std::uint32_t begin, std::uint32_t bytes) { return change(c, start + begin, bytes); });
            first = stop;
        }
    }

    template <typename Visit>
    void for_each_cell(Visit&& visit) {
        for (auto& page : pages_) {
            std::ranges::for_each(page, visit);
        }
    }

    [[nodiscard]] std::size_t footprint() const noexcept {
        std::size_t bytes = pages_.capacity() * sizeof(std::vector<cell>);
        for (const auto& page : pages_) {
            bytes += page.capacity() * sizeof(cell);
        }
        return bytes;
    }

  private:
    static constexpr std::uint32_t page_bytes = 4096;

    template <typename Change>
    void update_page(std::vector<cell>& page, std::uint32_t first, std::uint32_t end, Change&& change) {
        std::vector<cell>& result = scratch_;
        result.clear();
        const auto add = [&result](cell c, std::uint32_t begin) {
            if (result.empty() || !result.back().same_state(c)) {
                c.begin = begin;
                result.push_back(c);
            }
        };
        if (page.empty()) {
            page.emplace_back();
        }
        for (std::size_t i = 0; i != page.size(); ++i) {
            const cell& c = page[i];
            const std::uint32_t c_end = i + 1 == page.size() ? page_bytes : page[i + 1].begin;
            const std::uint32_t from = std::max(c.begin, first);
            const std::uint32_t to = std::min(c_end, end);
            if (from >= to) {
                add(c, c.begin);
                continue;
            }
            if (c.begin < from) {
                add(c, c.begin);
            }
            add(change(c, from, to - from), from);
            if (to < c_end) {
                add(c, to);
            }
        }
        page.assign(result.begin(), result.end());
    }

    std::vector<std::vector<cell>> pages_;
    std::vector<cell> scratch_;
};

/// What race_detector::knowledge names: a fact by its number; 0 is known by everybody.
using knowledge = std::uint32_t;

enum class access_kind : std::uint8_t { compute, transfer_read, transfer_write };

/// Who a label speaks of. Of a transfer the label of its reads comes first, then that of its writes.
struct label {
    std::uint32_t thread = 0;  // of the die
    std::uint32_t instruction = 0;
    access_kind kind = access_kind::compute;
    std::uint32_t transfers = 0;  // so far, at the label of the reads
};

/// Something known, and what is known by it: a transfer's reads (and writes), or what a thread had done and learnt
/// before its version `index_of(what)`; and all that left and right know.
struct fact {
    std::uint32_t left;
    std::uint32_t right;
    event what;
};

struct thread_state {
    /// What was acquired, oldest first; 0 where the version was advanced for a release. Its size is the version.
    std::vector<knowledge> log;
    bool accessed = false;  // in this version
    knowledge released = 0;
    std::uint32_t released_version = 0;
    /// The thread's knowledge but for itself; shared with its transfers, replaced when it grows.
    std::shared_ptr<event_set> known = std::make_shared<event_set>();
};

struct transfer_state {
    std::uint32_t thread = 0;
    std::uint32_t version = 0;  // of the thread at issue
    std::shared_ptr<const event_set> known;
    event read = no_event;
    event write = no_event;
    knowledge forked = 0;
    knowledge reads_done = 0;
    knowledge all_done = 0;
};

}  // namespace d1::race_detection
