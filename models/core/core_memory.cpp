// How a core reaches the bytes of its memory: directly, or where that is not to be had, call by call.

#include <algorithm>

#include "models/core/core.hpp"
#include "models/core/core_thread.hpp"
#include "models/packet/access_at_once.hpp"
#include "models/program/apply.hpp"

namespace d1 {

/// All of the memory, or nothing where it is not to be had.
std::span<std::byte> core::direct_memory() {
    if (dmi_.empty() && !dmi_refused_) {
        tlm::tlm_generic_payload p;
        tlm::tlm_dmi dmi;
        p.set_command(tlm::TLM_WRITE_COMMAND);
        p.set_address(0);
        if (mem->get_direct_mem_ptr(p, dmi) && dmi.is_read_write_allowed() && dmi.get_start_address() == 0 &&
            dmi.get_end_address() >= memory_.bytes - 1) {
            dmi_ = {reinterpret_cast<std::byte*>(dmi.get_dmi_ptr()), memory_.bytes};
        } else {
            dmi_refused_ = true;
        }
    }
    return dmi_;
}

program::applied core::apply(thread& t) {
    const std::span<std::byte> memory = direct_memory();
    return memory.empty() ? apply_by_calls(t) : program::apply(*t.current, memory, my_.arithmetic);
}

/// Reads the operands, computes on the copies and writes the result.
program::applied core::apply_by_calls(thread& t) {
    copies_.resize(memory_.bytes);
    const program::access_list all = program::accesses(*t.current);
    const auto transport_all = [&](bool write) {
        return std::all_of(all.begin(), all.end(),
                           [&](const program::access& a) { return a.write != write || transport(t, a); });
    };
    if (!transport_all(false)) {
        return {};  // it has failed, and not for the sake of the operands
    }
    program::applied done = program::apply(*t.current, copies_, my_.arithmetic);
    if (done) {
        static_cast<void>(transport_all(true));
    }
    return done;
}

/// The memory, in which the indices of the thread's instruction stand, if it takes any; the rest may be missing.
std::span<const std::byte> core::memory_with_indices(thread& t) {
    const auto indices = program::index_access(*t.current);
    if (!indices) {
        return {};
    }
    if (const auto memory = direct_memory(); !memory.empty()) {
        return memory;
    }
    copies_.resize(memory_.bytes);
    static_cast<void>(transport(t, *indices));
    return copies_;
}

bool core::transport(thread& t, const program::access& a) {
    for (std::int64_t row = 0; row < a.rows; ++row) {
        const std::int64_t address = a.address + row * a.stride;
        tlm::tlm_generic_payload p;
        p.set_command(a.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        p.set_address(static_cast<std::uint64_t>(address));
        p.set_data_ptr(reinterpret_cast<unsigned char*>(&copies_[static_cast<std::size_t>(address)]));
        p.set_data_length(static_cast<unsigned>(a.row_bytes));
        p.set_streaming_width(static_cast<unsigned>(a.row_bytes));
        access_at_once(mem, p, "core", "a memory that takes its time has its place behind the network interface");
        if (!p.is_response_ok()) {
            fail(t, std::string(a.write ? "writes" : "reads") + " bytes that its memory answers with " +
                        p.get_response_string());
            return false;
        }
        dmi_refused_ = dmi_refused_ && !p.is_dmi_allowed();
    }
    return true;
}

/// Tells the detectors what an instruction of the matrix or SIMD unit reads and writes: reads come first in the list.
void core::note_accesses(thread& t) {
    const auto instruction = static_cast<std::uint32_t>(t.walk->position());
    program::for_each_access(*t.current, memory_with_indices(t), [&](const program::access& a) {
        for (std::int64_t row = 0; row < a.rows; ++row) {
            const std::int64_t address = a.address + row * a.stride;
            if (my_.races != nullptr) {
                my_.races->thread_access(my_.here, t.number, instruction, address, a.row_bytes, a.write);
            }
            if (my_.uninitialised == nullptr) {
                continue;
            }
            if (a.write) {
                my_.uninitialised->written(my_.here, address, a.row_bytes);
            } else {
                my_.uninitialised->read(my_.here, address, a.row_bytes,
                                        {my_.here, t.number, instruction, false, false});
            }
        }
    });
}

void core::invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) {
    dmi_ = {};
    dmi_refused_ = false;
}

}  // namespace d1
