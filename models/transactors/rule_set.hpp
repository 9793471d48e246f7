#pragma once
// Which rules a checker watches.

#include <bitset>
#include <cstddef>

namespace d1::transactors {

/// A set of the `Count` enumerators of `Rule`. `Derived` is the class that has it as its base, and what the functions
/// give back.
template <typename Derived, typename Rule, std::size_t Count>
class rule_set {
  public:
    [[nodiscard]] static Derived all() {
        Derived rules;
        rules.on_.set();
        return rules;
    }
    [[nodiscard]] static Derived none() { return {}; }
    [[nodiscard]] Derived with(Rule rule) const { return changed(rule, true); }
    [[nodiscard]] Derived without(Rule rule) const { return changed(rule, false); }
    [[nodiscard]] bool has(Rule rule) const noexcept { return on_[static_cast<std::size_t>(rule)]; }

  private:
    [[nodiscard]] Derived changed(Rule rule, bool on) const {
        Derived rules = static_cast<const Derived&>(*this);
        rules.on_.set(static_cast<std::size_t>(rule), on);
        return rules;
    }
    std::bitset<Count> on_;
};

}  // namespace d1::transactors
