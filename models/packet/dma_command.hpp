#pragma once
// What a core asks of its network interface: the typed extension of a generic payload on the `dma` socket.

#include <cstdint>
#include <optional>
#include <tlm>

#include "models/packet/causality.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1 {

/// Adds `amount` to a semaphore. As a program's operands came out; whoever delivers it checks the numbers.
struct semaphore_signal {
    std::int64_t semaphore = 0;
    std::int64_t amount = 1;
};

enum class dma_operation : std::uint8_t { push, pull, signal };

/// A push, a pull or a remote signal. The generic payload's address names the remote node and, for a transfer, the
/// first byte there; its command is TLM_IGNORE_COMMAND, since the bytes move later and not through its data pointer.
struct dma_extension : tlm::tlm_extension<dma_extension> {
    dma_operation operation = dma_operation::push;
    transfer_geometry geometry;            ///< for push and pull
    std::optional<semaphore_signal> done;  ///< own semaphore: a push's source has been read, a pull's bytes are written
    std::optional<semaphore_signal>
        notify;                       ///< semaphore of the remote node: behind a push's data, or the signal itself
    causality cause;                  ///< what led the thread here
    std::uint32_t race_transfer = 0;  ///< the race detector's name for the transfer
    issuer from;                      ///< what hands it over

    tlm::tlm_extension_base* clone() const override { return new dma_extension(*this); }
    void copy_from(tlm::tlm_extension_base const& other) override { *this = static_cast<const dma_extension&>(other); }
};

}  // namespace d1
