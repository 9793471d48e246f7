#pragma once
// A node's memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <systemc>
#include <tlm>

#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// 1.25 MiB of SRAM behind two base-protocol sockets: `core` for the vector and scalar ports, `mesh` for the network
/// interface's read and write port. Addresses are byte offsets from 0. Every access completes at once: who uses a port
/// reserves its slots, since only the user knows when it wants them.
///
/// TLM_IGNORE_COMMAND checks the address and moves nothing, which is what an access is where bytes are switched off.
/// Out of range gives TLM_ADDRESS_ERROR_RESPONSE and no effect, byte enables or a streaming width below the length
/// their own error responses. DMI is granted for the whole memory, debug transport is open. At reset each
/// aligned word holds power_up_word, least significant byte first; while that is 0, the host gives memory only for what
/// is touched. Not modelled: banks and their conflicts, ECC.
class sram : public sc_core::sc_module {
  public:
    tlm::tlm_target_socket<512> core{"core"};
    tlm::tlm_target_socket<512> mesh{"mesh"};

    sram(const sc_core::sc_module_name& name, const sram_parameters& parameters);

    [[nodiscard]] std::uint32_t bytes() const noexcept { return size_; }

    /// All bytes as at power-up. Direct access that was granted ends and has to be asked for again.
    void reset();

  private:
    class port final : public tlm::tlm_fw_transport_if<> {
      public:
        explicit port(sram& owner) : owner_(owner) {}
        void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) override { owner_.access(p); }
        tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                           sc_core::sc_time& delay) override;
        bool get_direct_mem_ptr(tlm::tlm_generic_payload& p, tlm::tlm_dmi& dmi) override;
        unsigned int transport_dbg(tlm::tlm_generic_payload& p) override { return owner_.debug(p); }

      private:
        sram& owner_;
    };
    struct unmap {
        std::size_t bytes;
        void operator()(std::byte* p) const noexcept;
    };

    void access(tlm::tlm_generic_payload& p);
    unsigned int debug(tlm::tlm_generic_payload& p);
    [[nodiscard]] bool contains(const tlm::tlm_generic_payload& p) const noexcept {
        return p.get_address() <= size_ && p.get_data_length() <= size_ - p.get_address();
    }
    std::byte* storage();

    std::uint32_t size_;
    std::uint32_t power_up_word_;
    std::unique_ptr<std::byte, unmap> storage_;  // null until somebody asks for bytes
    port core_port_{*this};
    port mesh_port_{*this};
};

}  // namespace d1
