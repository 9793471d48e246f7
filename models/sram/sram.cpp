#include "models/sram/sram.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace d1 {

sram::sram(const sc_core::sc_module_name& name, const sram_parameters& parameters)
    : sc_module(name), size_(parameters.bytes), power_up_word_(parameters.power_up_word) {
    core.bind(core_port_);
    mesh.bind(mesh_port_);
}

void sram::unmap::operator()(std::byte* p) const noexcept {
    ::munmap(p, bytes);
}

void sram::reset() {
    if (!storage_) {
        return;
    }
    core->invalidate_direct_mem_ptr(0, size_ - 1);
    mesh->invalidate_direct_mem_ptr(0, size_ - 1);
    storage_.reset();
}

std::byte* sram::storage() {
    if (!storage_) {
        // Untouched zero pages, so that what a node does not use costs the host nothing. calloc would clear all of what
        // it has handed out before, which is each node's whole memory at each reset.
        void* const pages = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED) {
            throw std::bad_alloc();
        }
        storage_ = std::unique_ptr<std::byte, unmap>(static_cast<std::byte*>(pages), unmap{size_});
        for (std::uint32_t i = 0; power_up_word_ != 0 && i < size_; ++i) {
            storage_.get()[i] = static_cast<std::byte>(power_up_word_ >> (8 * (i % 4)));
        }
    }
    return storage_.get();
}

void sram::access(tlm::tlm_generic_payload& p) {
    if (p.get_byte_enable_ptr() != nullptr) {
        p.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return;
    }
    if (p.get_streaming_width() < p.get_data_length()) {
        p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    if (!contains(p)) {
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    if (p.is_read()) {
        std::memcpy(p.get_data_ptr(), storage() + p.get_address(), p.get_data_length());
    } else if (p.is_write()) {
        std::memcpy(storage() + p.get_address(), p.get_data_ptr(), p.get_data_length());
    }
    p.set_dmi_allowed(true);
    p.set_response_status(tlm::TLM_OK_RESPONSE);
}

unsigned int sram::debug(tlm::tlm_generic_payload& p) {
    if (p.get_address() >= size_) {
        return 0;
    }
    const auto length =
        static_cast<unsigned int>(std::min<std::uint64_t>(p.get_data_length(), size_ - p.get_address()));
    if (p.is_read()) {
        std::memcpy(p.get_data_ptr(), storage() + p.get_address(), length);
    } else if (p.is_write()) {
        std::memcpy(storage() + p.get_address(), p.get_data_ptr(), length);
    }
    return length;
}

tlm::tlm_sync_enum sram::port::nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase != tlm::BEGIN_REQ) {
        SC_REPORT_ERROR("sram", "a phase other than BEGIN_REQ, though every request completes at once");
        return tlm::TLM_COMPLETED;
    }
    owner_.access(p);
    return tlm::TLM_COMPLETED;
}

bool sram::port::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi.init();
    dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(owner_.storage()));
    dmi.set_start_address(0);
    dmi.set_end_address(owner_.size_ - 1);
    dmi.allow_read_write();
    return true;
}

}  // namespace d1
