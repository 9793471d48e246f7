#include "models/numerics/dispatch.hpp"

#include <cstdint>
#include <stdexcept>

#include <hwy/highway.h>

namespace d1::numerics {
namespace {

// The targets an unforced dispatch chooses from. A fallback target counts as supported by every processor.
std::vector<std::int64_t> available() {
    return hwy::SupportedAndGeneratedTargets();
}

}  // namespace

std::vector<std::string> dispatch_targets() {
    std::vector<std::string> names;
    for (const std::int64_t target : available()) names.emplace_back(hwy::TargetName(target));
    return names;
}

forced_dispatch_target::forced_dispatch_target(std::string_view name) {
    for (const std::int64_t target : available()) {
        if (hwy::TargetName(target) != name) continue;
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(target);
        return;
    }
    throw std::invalid_argument("numerics: this processor or build has no dispatch target " + std::string(name));
}

forced_dispatch_target::~forced_dispatch_target() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace d1::numerics
