#pragma once
// Where the mesh ports of an SRAM meet the core's, at ca.

#include <cstdint>

namespace d1 {

/// The banks of a node's SRAM, each of which serves one port a cycle.
class shared_banks {
  public:
    /// A mesh port takes the line at `address` in the cycle that is being served; for evaluate() of a clocked block.
    /// False where the bank has been taken by another mesh port.
    [[nodiscard]] virtual bool mesh_access(bool write, std::uint32_t address) = 0;

  protected:
    ~shared_banks() = default;
};

}  // namespace d1
