#pragma once
// SystemC's reports, written through spdlog.

#include <spdlog/logger.h>

#include <memory>
#include <systemc>

namespace d1::reporting {

/// A logger to stderr, one line a message, `level: text`; the level is coloured on a terminal and nowhere else.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_stderr_logger();

/// Sends every SC_REPORT of the process to `logger`, one line each:
///
///     warning: /d1/noc/router: no route to 0x40 (at 12 ns in die.node[3,4].router.tick)
///
/// that is message type (with SystemC's number if it is one of its own), text, time once the simulation has begun, and
/// the process if there is one. SC_INFO becomes info, above SC_MEDIUM debug and above SC_FULL trace; those above
/// `verbosity` are dropped by SystemC. SC_WARNING becomes warning, SC_ERROR error, SC_FATAL critical.
///
/// Only the display changes. The other actions of a report stay what SystemC or the program has set: an SC_ERROR throws
/// sc_report, an SC_FATAL aborts. A report that is thrown is written where it is raised, and not again when it escapes
/// from sc_main. Call it again to change logger or verbosity.
void install_report_handler(int verbosity = sc_core::SC_MEDIUM,
                            std::shared_ptr<spdlog::logger> logger = make_stderr_logger());

}  // namespace d1::reporting
