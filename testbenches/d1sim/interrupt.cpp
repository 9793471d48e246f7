#include "testbenches/d1sim/interrupt.hpp"

#include <csignal>

namespace d1 {

namespace {

volatile std::sig_atomic_t requested = 0;

void on_interrupt(int signal) {
    requested = 1;
    std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_for_interrupts() {
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
}

bool interrupt_requested() {
    return requested != 0;
}

}  // namespace d1
