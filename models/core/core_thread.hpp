#pragma once
// A thread of a core; an inner part of core.cpp.

#include <optional>
#include <string>

#include "models/core/core.hpp"

namespace d1 {

/// The one request of a thread to the network interface. It lives as long as the thread does: the thread waits for its
/// acceptance, so there is never a second one, and giving it back frees nothing.
class core_request final : public tlm::tlm_mm_interface {
  public:
    core_request() {
        payload.set_mm(this);
        payload.set_streaming_width(1);  // no bytes pass here, but 0 is not allowed
        payload.set_extension(&command);
        payload.acquire();
    }
    ~core_request() override { payload.clear_extension(&command); }
    core_request(const core_request&) = delete;
    core_request& operator=(const core_request&) = delete;

    tlm::tlm_generic_payload& prepare(std::uint64_t address) {
        payload.set_command(tlm::TLM_IGNORE_COMMAND);
        payload.set_address(address);
        payload.set_data_ptr(nullptr);
        payload.set_data_length(0);
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        return payload;
    }
    void free(tlm::tlm_generic_payload*) override {}

    tlm::tlm_generic_payload payload;
    dma_extension command;
};

struct core::thread {
    enum class activity : std::uint8_t { running, computing, waiting, stalled, in_barrier, halted };

    explicit thread(std::uint32_t n) : number(n) {}

    void start(const program::program& program, coordinate logical) { walk.emplace(program, number, logical); }

    dma_extension& command(dma_operation operation) {
        request.command.operation = operation;
        request.command.from = {number, 0};
        request.command.indices = false;
        request.command.done.reset();
        request.command.notify.reset();
        request.command.geometry = {};
        return request.command;
    }

    void reset() {
        walk.reset();
        current = nullptr;
        doing = activity::running;
        resumed = 0;
        due = never;
        told = 0;
        cost = nullptr;
        blocked_since = 0;
        chain = 0;
        transfers = 0;
        activity = 0;
    }

    const std::uint32_t number;
    std::optional<program::cursor> walk;
    const program::step* current = nullptr;  // issued and not yet complete
    activity doing = activity::running;
    std::uint64_t resumed = 0;
    static constexpr timing::cycle never = ~timing::cycle{0};
    timing::cycle due = never;               // its event, of those that are scheduled
    timing::cycle told = 0;                  // end of its last activity
    const instruction_cost* cost = nullptr;  // ca: of the instruction that the pipeline is at
    timing::cycle blocked_since = 0;         // or has been at it
    std::uint64_t chain = 0;                 // longest chain of synchronisation that led here
    std::uint32_t transfers = 0;             // the race detector's knowledge of their end, since the last barrier
    std::uint32_t activity = 0;              // the last in the activity log
    core_request request;
};

/// "2 threads on each of 4 x 1 nodes from (0, 0) on"
[[nodiscard]] std::string text_of(const program::barrier<std::int64_t>& b);

}  // namespace d1
