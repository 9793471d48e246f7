#pragma once
// A call to a memory that must not take time.

#include <sysc/kernel/sc_kernel_ids.h>
#include <string>
#include <string_view>
#include <systemc>
#include <tlm>

namespace d1 {

/// Sends `p` to the memory behind `mem` by b_transport, from a process that cannot wait. A memory that waits, or that
/// annotates a delay, is reported as an SC_ERROR of type `who`, with `instead`, what to do about it. The answer is in
/// the payload.
template <typename Socket>
void access_at_once(Socket& mem, tlm::tlm_generic_payload& p, const char* who, const char* instead) {
    sc_core::sc_time delay;
    const auto refuse = [&](const std::string& what) {
        SC_REPORT_ERROR(who, (std::string("the memory behind ") + mem.name() + " " + what +
                              ", but here an access completes at once; " + instead)
                                 .c_str());
    };
    try {
        mem->b_transport(p, delay);
    } catch (const sc_core::sc_report& report) {
        // What SystemC says of a wait() outside a thread.
        if (std::string_view(report.get_msg_type()) != sc_core::SC_ID_WAIT_NOT_ALLOWED_) {
            throw;
        }
        refuse("waits in b_transport");
    }
    if (delay != sc_core::SC_ZERO_TIME) {
        refuse("annotates a delay of " + delay.to_string());
    }
}

}  // namespace d1
