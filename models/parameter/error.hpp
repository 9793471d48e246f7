#pragma once
// What goes wrong before a run starts: a file, option or parameter that the user can mend.

#include <stdexcept>
#include <string>

namespace d1 {

/// Bad usage or input. The message says what, where and what to do; programs print it and exit with code 2.
class input_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace d1
