#pragma once
// What a core asks of its network interface: the typed extension of a generic payload on the `dma` socket.

#include <cstdint>
#include <optional>
#include <tlm>
#include <vector>

#include "models/packet/causality.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1 {

/// Adds `amount` to a semaphore. As a program's operands came out; whoever delivers it checks the numbers.
struct semaphore_signal {
    std::int64_t semaphore = 0;
    std::int64_t amount = 1;
};

/// A thread's coming to a barrier, and its node's place in the tree of the nodes that take part: who tells it that all
/// below have come, and whom it tells.
struct barrier_entry {
    std::int64_t number = 0;
    std::uint32_t threads = 1;           ///< of this node
    std::optional<node_index> parent;    ///< nothing at the root
    std::vector<node_index> children{};  ///< they are told of the end in this order
    std::uint64_t meaning = 0;           ///< the same with all that mean the same barrier, to find those who do not
};

enum class dma_operation : std::uint8_t { push, pull, signal, barrier };

/// A push, a pull, a remote signal or a barrier. The generic payload's address names the remote node and, for a
/// transfer, the first byte there; its command is TLM_IGNORE_COMMAND, since the bytes move later and not through its
/// data pointer. Transfers and signals are complete when they are taken. A barrier is taken at once (END_REQ) and
/// complete (BEGIN_RESP) when it is left; `cause` then tells what led to that.
struct dma_extension : tlm::tlm_extension<dma_extension> {
    dma_operation operation = dma_operation::push;
    transfer_geometry geometry;            ///< for push and pull
    std::optional<semaphore_signal> done;  ///< own semaphore: a push's source has been read, a pull's bytes are written
    std::optional<semaphore_signal>
        notify;                       ///< semaphore of the remote node: behind a push's data, or the signal itself
    barrier_entry barrier;            ///< for barriers
    bool indices = false;             ///< the bytes are indices, which move even where payloads are switched off
    causality cause;                  ///< what led the thread here
    std::uint32_t race_transfer = 0;  ///< the race detector's name for the transfer
    issuer from;                      ///< what hands it over

    tlm::tlm_extension_base* clone() const override { return new dma_extension(*this); }
    void copy_from(tlm::tlm_extension_base const& other) override { *this = static_cast<const dma_extension&>(other); }
};

}  // namespace d1
