#pragma once
// What the checker is made of. Private to it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "models/program/byte_ranges.hpp"
#include "models/program/checker.hpp"
#include "models/sram/race_detector.hpp"

namespace d1::program::detail {

/// Collects findings; those of the same kind at the same instruction of a program are one.
class finding_list {
  public:
    explicit finding_list(const assignment& job) : job_(job) {}

    void add(fault_kind kind, const place& where, std::string message);
    void add(fault_kind kind, node_index node, std::string message);
    void add(fault_kind kind, const program& p, const diagnostic& d);

    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
    [[nodiscard]] std::vector<finding> take() { return std::move(all_); }

    /// "node (0, 3)"
    [[nodiscard]] std::string text_of(node_index n) const;
    /// "node (0, 3), thread 1, instruction 7"
    [[nodiscard]] std::string text_of(const place& p) const;
    /// "semaphore 5 (full+1)"
    [[nodiscard]] std::string text_of(node_index n, std::uint32_t semaphore) const;

  private:
    struct known {
        std::size_t number = 0;  // of the finding
        node_index last{};       // that was counted
    };
    void add(fault_kind kind, node_index node, std::optional<std::uint32_t> thread,
             std::optional<std::size_t> instruction, std::string message);

    const assignment& job_;
    std::vector<finding> all_;
    std::map<std::tuple<fault_kind, const program*, std::optional<std::uint32_t>, std::optional<std::size_t>>, known>
        known_;
};

/// The buffers of a program by address. They are apart, as validate() has made sure.
class buffer_map {
  public:
    explicit buffer_map(const program& p);

    /// The number in the program of the buffer that holds all of [range.first, range.end).
    [[nodiscard]] std::optional<std::uint32_t> holding(const extent& range) const noexcept;
    /// Why there is none.
    [[nodiscard]] std::string complaint(const extent& range) const;

  private:
    struct entry {
        std::int64_t first;
        std::int64_t end;
        std::uint32_t number;
    };
    const program& program_;
    std::vector<entry> entries_;  // by address
};

/// Checks the accesses of each step against the buffers that are declared, and takes down what is written and which
/// nodes have to do with each other.
class step_checks : public step_watcher {
  public:
    step_checks(const assignment& job, finding_list& findings);

    void starts(const place& where, const step& s) override;

    [[nodiscard]] bool is_written(node_index n, std::uint32_t buffer) const {
        return (written_[first_buffer_[to_number(n)] + buffer] & 1U) != 0;
    }
    /// One node list for each connected group of nodes that run programs.
    [[nodiscard]] std::vector<std::vector<node_index>> groups();
    /// By node, who exchanges pushes, pulls or signals with it.
    [[nodiscard]] const std::vector<bool>& partners(node_index n) const { return partners_[to_number(n)]; }

  private:
    enum : std::uint8_t { written = 1, pulled = 2 };

    std::uint8_t* mark(const place& where, node_index memory, const access& a);
    void remote(const place& where, node_index there, const access& a);
    [[nodiscard]] bool exists(const place& where, node_index there);
    void connect(node_index a, node_index b);
    void exchange(node_index a, node_index b);
    [[nodiscard]] std::uint32_t group_of(std::uint32_t node);

    const assignment& job_;
    finding_list& findings_;
    std::vector<buffer_map> maps_;
    std::vector<const buffer_map*> map_of_;  // by node
    std::vector<std::size_t> first_buffer_;  // by node: of its in written_
    std::vector<std::uint8_t> written_;      // by node and buffer
    std::vector<std::uint32_t> parent_;      // by node: on the way to the one that stands for its group
    std::vector<std::vector<bool>> pulls_;   // by node that pulls and node pulled from
    std::vector<std::vector<bool>> partners_;
};

/// What is looked at in an execution, by node.
struct attention {
    std::vector<bool> started;   ///< runs
    std::vector<bool> followed;  ///< what its threads do and know is kept
    std::vector<bool> watched;   ///< accesses to its memory are looked at; all who make any are followed

    explicit attention(std::vector<bool> all) : started(all), followed(all), watched(std::move(all)) {}
    /// The same execution with nothing left out.
    [[nodiscard]] attention whole() const { return attention(started); }
};

/// Looks for races and for reads of bytes that nobody wrote. Where nodes run that are not followed, it finds all that
/// there is at the watched memories, and may find more: what is put in order by way of others only.
class order_checks : public order_watcher {
  public:
    /// `missing`: by node, the bytes that must be written before they are read.
    order_checks(const assignment& job, const limits& node, std::vector<byte_ranges> missing, attention nodes,
                 finding_list& findings);

    void computes(const place& where, const step& s) override;
    transfer issues(const place& where, const step& s) override;
    void reads(transfer t, const place& who, node_index memory, const access& a) override;
    void writes(transfer t, node_index memory, const access& a) override;
    void ends(transfer t) override;
    knowledge released(const place& where, std::optional<node_index> to) override;
    knowledge reads_done(transfer t) override;
    knowledge all_done(transfer t) override;
    knowledge join(knowledge a, knowledge b) override { return races_.join(a, b); }
    void learns(const place& where, knowledge k) override;

    /// Adds what was found. A read that came before the write that it races with is told of as a race only.
    void finish();

  private:
    using program_place = std::tuple<const program*, std::uint32_t, std::uint32_t>;
    [[nodiscard]] program_place in_program(const place& p) const { return {job_.at(p.node), p.thread, p.instruction}; }
    void read(const place& who, node_index memory, std::int64_t first, std::int64_t end);
    [[nodiscard]] bool follows(const place& p) const { return nodes_.followed[to_number(p.node)]; }

    static constexpr transfer not_followed = 0;  // the race detector names none so

    const assignment& job_;
    finding_list& findings_;
    race_detector races_;
    std::vector<byte_ranges> missing_;
    struct unwritten_read {
        node_index memory{};
        extent bytes;
    };
    std::map<place, unwritten_read> unwritten_;  // the first at each instruction
    attention nodes_;
};

/// Names the waits that nothing can end, after an execution that came to a deadlock.
void find_dead_waits(const untimed_machine& machine, const assignment& job, finding_list& findings);

}  // namespace d1::program::detail
