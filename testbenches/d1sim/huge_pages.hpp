#pragma once
// How the host maps the program's memory.

namespace d1 {

/// Asks the host for huge pages under the heap that the program is going to use. The blocks of a die lie on more pages
/// of the usual size than a processor remembers, and are visited in turn. To be called before they are made; changes
/// nothing but the time that a run takes. Beyond the first 256 MiB, and where the C library or the host knows no huge
/// pages, everything stays as it was.
void prefer_huge_pages();

}  // namespace d1
