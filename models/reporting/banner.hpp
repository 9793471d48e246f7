#pragma once

namespace d1::reporting {

/// Keeps SystemC from printing its copyright banner. The banner comes before sc_main, so a program that wants silence
/// has a main of its own (it takes the place of the one in libsystemc):
///
///     int main(int argc, char* argv[]) {
///         d1::reporting::silence_systemc_banner();
///         return sc_core::sc_elab_and_sim(argc, argv);  // calls sc_main
///     }
///
/// Sets SystemC's environment variable SC_COPYRIGHT_MESSAGE, unless the user has. Silences nothing else.
void silence_systemc_banner() noexcept;

}  // namespace d1::reporting
