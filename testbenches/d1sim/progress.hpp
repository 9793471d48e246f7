#pragma once
// A progress bar with the time left, on a terminal; nothing in a pipe.

#include <chrono>
#include <string>

namespace d1 {

/// Draws one line on stderr, at most ten times a second, and wipes it when it ends.
class progress {
  public:
    /// Draws only if stderr is a terminal.
    progress();
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() { clear(); }

    /// `done` of the whole, 0 to 1; `what` is under way.
    void show(double done, const std::string& what);
    /// Wipes the line, so that something else can be printed.
    void clear();

    [[nodiscard]] bool visible() const noexcept { return visible_; }

  private:
    using clock = std::chrono::steady_clock;
    bool visible_;
    bool drawn_ = false;
    clock::time_point started_ = clock::now();
    clock::time_point next_ = started_;
};

}  // namespace d1
