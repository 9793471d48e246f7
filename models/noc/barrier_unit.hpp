#pragma once
// The barriers of a node: who has come, and who is to be told.

#include <boost/container/devector.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "models/packet/causality.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/dma_command.hpp"
#include "models/sram/race_detector.hpp"

namespace d1::noc {

/// What comes of it when a thread or a message comes to a node's barriers.
class barrier_actions {
  public:
    /// All of this node and below have come.
    virtual void tell_parent(node_index parent, const barrier_entry& barrier, const causality& cause) = 0;
    /// All have come, and this node is the root: released() is to be called in due time.
    virtual void complete(std::uint32_t number, const causality& cause) = 0;
    /// All have come; the child does not know yet.
    virtual void tell_child(node_index child, const barrier_entry& barrier, const causality& cause) = 0;
    /// The thread goes on.
    virtual void leave(std::uint32_t thread, const causality& cause) = 0;
    /// The program is wrong.
    virtual void fail(const std::string& what) = 0;

  protected:
    ~barrier_actions() = default;
};

/// A tree barrier for each number. A node's threads come, and its children in the tree tell that all below them have;
/// then it tells its parent. The root's word that all have come goes down the same tree. Threads of a node are let go,
/// and messages counted, in the order in which they came, so a number can be used again at once, over other nodes too:
/// a message for the next barrier of a number cannot come before this node has told its parent of the present one.
/// Nodes that disagree on what a number means end the run, if they meet. Knows nothing of time.
class barrier_unit {
  public:
    /// `races` may be null.
    barrier_unit(std::uint32_t barriers, barrier_actions& actions, race_detector* races)
        : barriers_(barriers), actions_(actions), races_(races) {}

    void enter(std::uint32_t thread, const barrier_entry& entry, const causality& cause);
    /// A child tells that all below it have come.
    void told(std::uint32_t number, std::uint64_t meaning, const causality& cause);
    /// All have come.
    void released(std::uint32_t number, const causality& cause);

    /// Barriers in which threads of this node wait, in words.
    [[nodiscard]] std::vector<std::string> waiting() const;

    void reset();

  private:
    struct comer {
        std::uint32_t thread = 0;
        barrier_entry entry;
        causality cause;
    };
    struct report {
        std::uint64_t meaning = 0;
        causality cause;
    };
    struct barrier {
        boost::container::devector<comer> threads;
        boost::container::devector<report> reports;
        bool complete_below = false;  // the parent has been told, and its answer is awaited
    };

    void advance(std::uint32_t number, std::uint32_t last_activity);
    void join(causality& all, const causality& one);

    std::vector<barrier> barriers_;
    barrier_actions& actions_;
    race_detector* races_;
};

}  // namespace d1::noc
