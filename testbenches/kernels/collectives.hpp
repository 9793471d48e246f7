#pragma once
// Programs in which a rectangle of nodes exchanges data as a whole: what parallel work is made of, and what the timing
// levels are compared with.

#include <array>
#include <cstdint>
#include <string_view>

#include "models/numerics/number_format.hpp"
#include "models/packet/coordinate.hpp"
#include "platforms/die.hpp"

namespace d1::kernels {

/// What is done with every node's `bytes` of data:
/// - broadcast      all end with the root's data
/// - reduce_to_one  the root ends with the sum of all, element by element
/// - all_reduce     all end with that sum
/// - all_to_all     each deals out its data: block i of it goes to node i, numbered row by row
/// - barrier        nothing; nobody goes on before all have come
enum class collective_kind : std::uint8_t { broadcast, reduce_to_one, all_reduce, all_to_all, barrier };

/// "broadcast", "reduce_to_one", ...
[[nodiscard]] std::string_view name(collective_kind kind);

struct collective {
    collective_kind kind{};
    grid nodes{1, 1};                                            ///< the logical rectangle
    std::uint32_t bytes = 1024;                                  ///< of each node's data; at least 1
    numerics::element_type type{numerics::number_format::fp32};  ///< of the elements to be summed
    coordinate root{0, 0};                                       ///< where there is one
};

/// The programs of a collective on a die.
///
/// **Tree.** The root's row of nodes is its trunk, the columns are its branches; every link of it joins logical
/// neighbours. Data flow down it (broadcast) or up (reduce_to_one) in chunks, each of which is passed on as soon as it
/// is there. all_reduce sends a chunk down as soon as the root has its sum.
///
/// **Order of a sum.** A node adds to its own element what comes from the west, east, north and south, in this order
/// and as far as the tree has these neighbours below it, each sum rounded to the type of the elements (in FP32, then
/// once to a narrower type); it passes the sum on. So the bits depend on the rectangle and the root, on nothing else.
///
/// **All to all.** A block is bytes / nodes, rounded up; `data` and `received` are as many blocks as there are nodes.
/// Step (j, i) of node (x, y) is its block for the node j columns further east and i rows further south, both modulo
/// the rectangle: in no step do two nodes send to the same.
///
/// Data begin in `data` and end in `result`, which is `data` but for all_to_all. Sums pass through the data of the
/// nodes on their way, which hold partial sums afterwards.
class collective_programs {
  public:
    /// Throws std::invalid_argument for a root outside the rectangle or bytes that are no whole elements of a sum, or
    /// do not fit in a node; input_error if the die has too few nodes.
    collective_programs(const collective& what, const die& on);

    /// To be launched. It must outlive the run.
    [[nodiscard]] const job& programs() const noexcept { return job_; }
    /// First byte of each node's data, to be loaded before the launch.
    [[nodiscard]] std::uint32_t data() const noexcept { return data_; }
    /// First byte of each node's result.
    [[nodiscard]] std::uint32_t result() const noexcept { return result_; }
    /// Bytes of either: those asked for, or a little more for all_to_all.
    [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }
    /// Bytes that are passed on at once: a chunk, or a block of all_to_all.
    [[nodiscard]] std::uint32_t piece_bytes() const noexcept { return piece_bytes_; }

  private:
    job job_;
    std::uint32_t data_ = 0;
    std::uint32_t result_ = 0;
    std::uint32_t bytes_ = 0;
    std::uint32_t piece_bytes_ = 0;
};

/// A node's place in the tree that a collective goes along: its neighbours below and above it.
struct tree_place {
    std::array<bool, 4> is_below{};  ///< by port: west, east, north, south
    port above = port::local;        ///< local at the root

    [[nodiscard]] bool is_root() const { return above == port::local; }

    friend auto operator<=>(const tree_place&, const tree_place&) = default;
};

/// The place of node `here` in the tree over `nodes` from `root`.
[[nodiscard]] tree_place place_in_tree(grid nodes, coordinate root, coordinate here);

}  // namespace d1::kernels
