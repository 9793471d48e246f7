#include "models/program/instruction.hpp"

namespace d1::program {

bool operator==(const program& a, const program& b) {
    return a.name == b.name && a.buffers == b.buffers && a.semaphores == b.semaphores && a.threads == b.threads;
}

}  // namespace d1::program
