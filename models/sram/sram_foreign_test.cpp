// Initiators that somebody else brings, in the places of the core and of the network interface.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "models/sram/sram.hpp"
#include "models/transactors/protocol_checker.hpp"
#include "models/transactors/third_party.hpp"

namespace d1 {
namespace {

/// Random reads and writes of [first, first + bytes), compared with plain bytes; every tenth is one that an SRAM
/// refuses.
class random_accesses {
  public:
    random_accesses(std::uint32_t seed, std::uint64_t first, std::size_t bytes)
        : random_(seed), first_(first), reference_(bytes), pending_(count) {}

    third_party::traffic traffic() {
        return {count, [this](tlm::tlm_generic_payload& p, unsigned n) { fill(p, n); },
                [this](tlm::tlm_generic_payload& p, unsigned n) { check(p, n); }};
    }
    static constexpr unsigned count = 2000;

  private:
    struct access {
        std::vector<unsigned char> data;
        std::vector<unsigned char> expected;
        tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
    };
    void fill(tlm::tlm_generic_payload& p, unsigned n) {
        access& a = pending_[n];
        const std::size_t at = random_() % reference_.size();
        a.data.assign(1 + random_() % std::min<std::size_t>(300, reference_.size() - at), 0);
        p.set_address(first_ + at);
        p.set_data_ptr(a.data.data());
        p.set_data_length(static_cast<unsigned>(a.data.size()));
        p.set_streaming_width(p.get_data_length());
        if (n % 2 == 0) {
            p.set_read();
        } else {
            p.set_write();
            for (auto& byte : a.data) {
                byte = static_cast<unsigned char>(random_());
            }
        }
        a.expected = a.data;
        const auto begin = reference_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto end = begin + static_cast<std::ptrdiff_t>(a.data.size());
        if (n % 10 == 9) {
            spoil(p, a, n / 10 % 4);
        } else if (p.is_read()) {
            a.expected.assign(begin, end);
        } else {
            std::copy(a.data.begin(), a.data.end(), begin);
        }
    }
    void spoil(tlm::tlm_generic_payload& p, access& a, unsigned how) {
        switch (how) {
            case 0:
                p.set_byte_enable_ptr(enables_.data());
                p.set_byte_enable_length(2);
                a.answer = tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
                break;
            case 1:
                a.data.resize(8);
                a.expected = a.data;
                p.set_data_ptr(a.data.data());
                p.set_data_length(8);
                p.set_streaming_width(4);
                a.answer = tlm::TLM_BURST_ERROR_RESPONSE;
                break;
            case 2:
                p.set_address(1310720 + random_());
                a.answer = tlm::TLM_ADDRESS_ERROR_RESPONSE;
                break;
            default:  // a burst that begins within and ends beyond
                p.set_address(1310720 - a.data.size() / 2);
                a.answer = tlm::TLM_ADDRESS_ERROR_RESPONSE;
        }
    }
    void check(tlm::tlm_generic_payload& p, unsigned n) {
        EXPECT_EQ(p.get_response_status(), pending_[n].answer) << "access " << n;
        EXPECT_EQ(pending_[n].data, pending_[n].expected) << "access " << n;
    }

    std::mt19937 random_;
    std::uint64_t first_;
    std::vector<unsigned char> reference_;
    std::vector<access> pending_;
    std::vector<unsigned char> enables_{0xff, 0x00};
};

/// A generator at each socket of an SRAM, each with a half of its own, past protocol checkers with every rule on.
template <typename AtCore, typename AtMesh>
void expect_both_served() {
    constexpr std::uint32_t seed = 23;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    random_accesses low(seed, 0, 655360);
    random_accesses high(seed + 1, 655360, 655360);
    sram memory("memory", {});
    transactors::protocol_checker core_checker("core_checker");
    transactors::protocol_checker mesh_checker("mesh_checker");
    AtCore core("core", low.traffic());
    AtMesh mesh("mesh", high.traffic());
    core.socket.bind(core_checker.in);
    core_checker.out.bind(memory.core);
    mesh.socket.bind(mesh_checker.in);
    mesh_checker.out.bind(memory.mesh);
    sc_core::sc_start();
    EXPECT_EQ(core.finished, random_accesses::count);
    EXPECT_EQ(mesh.finished, random_accesses::count);
    EXPECT_EQ(core_checker.in_flight() + mesh_checker.in_flight(), 0U);
}

TEST(an_sram_with_foreign_initiators, serves_those_of_the_blocking_transport) {
    expect_both_served<third_party::generator, third_party::generator>();
}
TEST(an_sram_with_foreign_initiators, serves_those_of_the_non_blocking_transport) {
    expect_both_served<third_party::phased_generator, third_party::phased_generator>();
}
TEST(an_sram_with_foreign_initiators, serves_one_of_each) {
    expect_both_served<third_party::generator, third_party::phased_generator>();
}

}  // namespace
}  // namespace d1
