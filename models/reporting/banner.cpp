#include "models/reporting/banner.hpp"

#include <cstdlib>

namespace d1::reporting {

void silence_systemc_banner() noexcept {
    static_cast<void>(::setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0));
}

}  // namespace d1::reporting
