#include "models/sram/sram.hpp"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "models/reporting/expect_report.hpp"

namespace d1 {
namespace {

using byte_vector = std::vector<unsigned char>;

using range_list = std::vector<std::pair<sc_dt::uint64, sc_dt::uint64>>;

/// An initiator of the TLM utilities, which notes where direct access is taken back.
struct initiator : sc_core::sc_module {
    explicit initiator(const sc_core::sc_module_name& name) : sc_module(name) {
        socket.register_invalidate_direct_mem_ptr(this, &initiator::take_back);
    }
    void take_back(sc_dt::uint64 start, sc_dt::uint64 end) { taken_back.emplace_back(start, end); }

    tlm_utils::simple_initiator_socket<initiator, 512> socket{"socket"};
    range_list taken_back;
};

/// A memory between two independent initiators.
class an_sram : public testing::Test {
  protected:
    an_sram() {
        core.socket.bind(memory.core);
        mesh.socket.bind(memory.mesh);
    }

    static void fill(tlm::tlm_generic_payload& p, tlm::tlm_command command, std::uint64_t address, byte_vector& data) {
        p.set_command(command);
        p.set_address(address);
        p.set_data_ptr(data.data());
        p.set_data_length(static_cast<unsigned int>(data.size()));
        p.set_streaming_width(static_cast<unsigned int>(data.size()));
        p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    }
    tlm::tlm_response_status access(initiator& from, tlm::tlm_command command, std::uint64_t address,
                                    byte_vector& data) {
        tlm::tlm_generic_payload p;
        fill(p, command, address, data);
        sc_core::sc_time delay(7, sc_core::SC_NS);
        from.socket->b_transport(p, delay);
        EXPECT_EQ(delay, sc_core::sc_time(7, sc_core::SC_NS)) << "an access completes at once";
        return p.get_response_status();
    }
    byte_vector read(std::uint64_t address, std::size_t count) {
        byte_vector data(count, 0xEE);
        EXPECT_EQ(access(core, tlm::TLM_READ_COMMAND, address, data), tlm::TLM_OK_RESPONSE);
        return data;
    }
    void write(std::uint64_t address, byte_vector data) {
        EXPECT_EQ(access(core, tlm::TLM_WRITE_COMMAND, address, data), tlm::TLM_OK_RESPONSE);
    }

    const sram_parameters parameters;
    sram memory{"memory", parameters};
    initiator core{"core"};
    initiator mesh{"mesh"};
};

constexpr std::uint64_t whole_memory = 1310720;

TEST_F(an_sram, is_zero_at_first_up_to_its_last_byte) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_EQ(memory.bytes(), whole_memory);
    EXPECT_EQ(read(0, whole_memory), byte_vector(whole_memory, 0));
}

TEST_F(an_sram, gives_back_what_was_written_through_either_socket) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    constexpr std::uint32_t seed = 5;
    std::mt19937 random(seed);
    byte_vector reference(whole_memory, 0);
    for (int i = 0; i < 5000; ++i) {
        const std::uint64_t address = random() % whole_memory;
        byte_vector data(std::min<std::uint64_t>(1 + random() % 1024, whole_memory - address));
        initiator& from = random() % 2 == 0 ? core : mesh;
        const auto begin = reference.begin() + static_cast<std::ptrdiff_t>(address);
        const auto end = begin + static_cast<std::ptrdiff_t>(data.size());
        if (random() % 2 == 0) {
            std::ranges::generate(data, [&random] { return static_cast<unsigned char>(random()); });
            std::ranges::copy(data, begin);
            ASSERT_EQ(access(from, tlm::TLM_WRITE_COMMAND, address, data), tlm::TLM_OK_RESPONSE);
        } else {
            ASSERT_EQ(access(from, tlm::TLM_READ_COMMAND, address, data), tlm::TLM_OK_RESPONSE);
            ASSERT_TRUE(std::equal(begin, end, data.begin())) << "seed " << seed << " access " << i;
        }
    }
    EXPECT_EQ(read(0, whole_memory), reference);
}

TEST_F(an_sram, ends_with_its_last_byte) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    write(whole_memory - 1, {9});
    EXPECT_EQ(read(whole_memory - 1, 1), byte_vector{9});
    write(whole_memory - 64, byte_vector(64, 3));
    EXPECT_EQ(read(whole_memory - 64, 64), byte_vector(64, 3));
}

TEST_F(an_sram, answers_an_access_outside_with_an_address_error_and_does_nothing) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    write(whole_memory - 64, byte_vector(64, 3));
    for (const std::uint64_t address : {whole_memory - 63, whole_memory - 1, whole_memory, whole_memory + 64,
                                        std::uint64_t{1} << 32U, ~std::uint64_t{0}, ~std::uint64_t{0} - 63}) {
        for (const auto command : {tlm::TLM_READ_COMMAND, tlm::TLM_WRITE_COMMAND, tlm::TLM_IGNORE_COMMAND}) {
            byte_vector data(64, 0xEE);
            EXPECT_EQ(access(core, command, address, data), tlm::TLM_ADDRESS_ERROR_RESPONSE) << address;
            EXPECT_EQ(access(mesh, command, address, data), tlm::TLM_ADDRESS_ERROR_RESPONSE) << address;
            EXPECT_EQ(data, byte_vector(64, 0xEE));
        }
    }
    EXPECT_EQ(read(whole_memory - 64, 64), byte_vector(64, 3));
}

TEST_F(an_sram, refuses_byte_enables) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    byte_vector data(4, 1);
    byte_vector enables(4, TLM_BYTE_ENABLED);
    tlm::tlm_generic_payload p;
    fill(p, tlm::TLM_WRITE_COMMAND, 0, data);
    p.set_byte_enable_ptr(enables.data());
    p.set_byte_enable_length(4);
    sc_core::sc_time delay;
    core.socket->b_transport(p, delay);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    EXPECT_EQ(read(0, 4), byte_vector(4, 0));
}

TEST_F(an_sram, refuses_a_streaming_width_below_the_length) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    byte_vector data(8, 1);
    tlm::tlm_generic_payload p;
    fill(p, tlm::TLM_WRITE_COMMAND, 0, data);
    p.set_streaming_width(4);
    sc_core::sc_time delay;
    core.socket->b_transport(p, delay);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
    EXPECT_EQ(read(0, 8), byte_vector(8, 0));
    p.set_streaming_width(16);
    core.socket->b_transport(p, delay);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST_F(an_sram, checks_an_ignored_command_and_moves_nothing) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    write(0, byte_vector(8, 7));
    byte_vector data(8, 1);
    EXPECT_EQ(access(mesh, tlm::TLM_IGNORE_COMMAND, 0, data), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(data, byte_vector(8, 1));
    EXPECT_EQ(read(0, 8), byte_vector(8, 7));

    tlm::tlm_generic_payload p;  // no data pointer: payloads are switched off
    fill(p, tlm::TLM_IGNORE_COMMAND, 0, data);
    p.set_data_ptr(nullptr);
    sc_core::sc_time delay;
    mesh.socket->b_transport(p, delay);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST_F(an_sram, is_open_to_debuggers_as_far_as_it_reaches) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const auto debug = [this](tlm::tlm_command command, std::uint64_t address, byte_vector& data) {
        tlm::tlm_generic_payload p;
        fill(p, command, address, data);
        return mesh.socket->transport_dbg(p);
    };
    byte_vector data{1, 2, 3, 4};
    EXPECT_EQ(debug(tlm::TLM_WRITE_COMMAND, 100, data), 4U);
    EXPECT_EQ(read(100, 4), data);
    write(whole_memory - 2, {5, 6});
    EXPECT_EQ(debug(tlm::TLM_READ_COMMAND, whole_memory - 2, data), 2U);
    EXPECT_EQ(data, (byte_vector{5, 6, 3, 4}));
    EXPECT_EQ(debug(tlm::TLM_WRITE_COMMAND, whole_memory - 1, data), 1U);
    EXPECT_EQ(read(whole_memory - 2, 2), (byte_vector{5, 5}));
    EXPECT_EQ(debug(tlm::TLM_READ_COMMAND, whole_memory, data), 0U);
    EXPECT_EQ(debug(tlm::TLM_READ_COMMAND, ~std::uint64_t{0}, data), 0U);
}

TEST_F(an_sram, grants_direct_access_to_all_of_itself) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    write(whole_memory - 1, {42});
    for (initiator* from : {&core, &mesh}) {
        byte_vector none;
        tlm::tlm_generic_payload p;
        fill(p, tlm::TLM_READ_COMMAND, 1000, none);
        tlm::tlm_dmi dmi;
        ASSERT_TRUE(from->socket->get_direct_mem_ptr(p, dmi));
        EXPECT_TRUE(dmi.is_read_write_allowed());
        EXPECT_EQ(dmi.get_start_address(), 0U);
        EXPECT_EQ(dmi.get_end_address(), whole_memory - 1);
        EXPECT_EQ(dmi.get_read_latency(), sc_core::SC_ZERO_TIME);
        EXPECT_EQ(dmi.get_write_latency(), sc_core::SC_ZERO_TIME);
        EXPECT_EQ(dmi.get_dmi_ptr()[whole_memory - 1], 42);
        dmi.get_dmi_ptr()[77] = 43;
        EXPECT_EQ(read(77, 1), byte_vector{43});
    }
}

TEST_F(an_sram, says_in_its_answers_that_direct_access_may_be_asked_for) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    byte_vector data(1);
    tlm::tlm_generic_payload p;
    fill(p, tlm::TLM_READ_COMMAND, 0, data);
    p.set_dmi_allowed(false);
    sc_core::sc_time delay;
    core.socket->b_transport(p, delay);
    EXPECT_TRUE(p.is_dmi_allowed());
}

TEST_F(an_sram, completes_a_non_blocking_request_at_once) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    byte_vector data{1, 2, 3};
    tlm::tlm_generic_payload p;
    fill(p, tlm::TLM_WRITE_COMMAND, 10, data);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    EXPECT_EQ(core.socket->nb_transport_fw(p, phase, delay), tlm::TLM_COMPLETED);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(read(10, 3), data);

    fill(p, tlm::TLM_READ_COMMAND, whole_memory, data);
    phase = tlm::BEGIN_REQ;
    EXPECT_EQ(core.socket->nb_transport_fw(p, phase, delay), tlm::TLM_COMPLETED);
    EXPECT_EQ(p.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(an_sram, reports_a_phase_that_does_not_belong_to_it) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const reporting::expect_report report(sc_core::SC_ERROR, "sram", "BEGIN_REQ");
    byte_vector data(1);
    tlm::tlm_generic_payload p;
    fill(p, tlm::TLM_READ_COMMAND, 0, data);
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_core::sc_time delay;
    EXPECT_THROW(core.socket->nb_transport_fw(p, phase, delay), sc_core::sc_report);
}

TEST_F(an_sram, is_zero_again_after_a_reset) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    write(0, byte_vector(64, 1));
    write(whole_memory - 64, byte_vector(64, 1));
    memory.reset();
    EXPECT_EQ(read(0, whole_memory), byte_vector(whole_memory, 0));
}

TEST_F(an_sram, takes_direct_access_back_at_a_reset) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    memory.reset();
    EXPECT_TRUE(core.taken_back.empty()) << "nobody can hold a pointer to memory that was never touched";
    write(0, {1});
    memory.reset();
    EXPECT_EQ(core.taken_back, (range_list{{0, whole_memory - 1}}));
    EXPECT_EQ(mesh.taken_back, (range_list{{0, whole_memory - 1}}));
}

TEST(an_sram_with_a_power_up_pattern, holds_it_at_first_and_again_after_a_reset) {
    sram_parameters poisoned;
    poisoned.power_up_word = 0xFFA15EED;
    sram memory("memory", poisoned);
    initiator core("core");
    initiator mesh("mesh");
    core.socket.bind(memory.core);
    mesh.socket.bind(memory.mesh);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (int i = 0; i < 2; ++i) {
        byte_vector data(9);
        tlm::tlm_generic_payload p;
        p.set_read();
        p.set_address(whole_memory - 9);
        p.set_data_ptr(data.data());
        p.set_data_length(9);
        EXPECT_EQ(core.socket->transport_dbg(p), 9U);
        EXPECT_EQ(data, (byte_vector{0xFF, 0xED, 0x5E, 0xA1, 0xFF, 0xED, 0x5E, 0xA1, 0xFF}));
        data.assign(9, 0);
        p.set_write();
        EXPECT_EQ(mesh.socket->transport_dbg(p), 9U);
        memory.reset();
    }
}

TEST_F(an_sram, may_be_reset_before_the_simulation_starts) {
    memory.reset();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_EQ(read(0, 64), byte_vector(64, 0));
}

}  // namespace
}  // namespace d1
