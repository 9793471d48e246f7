#pragma once
// Ctrl-C during a run.

namespace d1 {

/// From here on SIGINT and SIGTERM are remembered, so that the run ends soon and is reported; a second one ends the
/// process at once.
void watch_for_interrupts();
[[nodiscard]] bool interrupt_requested();

}  // namespace d1
