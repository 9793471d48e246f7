#include "models/packet/transfer_cutter.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace d1 {
namespace {

/// A byte of a transfer, by its place in both memories.
struct byte_move {
    std::int64_t source;
    std::int64_t destination;
    friend bool operator==(const byte_move&, const byte_move&) = default;
};

/// What the transfer is, byte by byte, without any cutting.
std::vector<byte_move> every_byte(const transfer_geometry& g) {
    std::vector<byte_move> all;
    for (std::int64_t row = 0; row < g.rows; ++row) {
        for (std::int64_t column = 0; column < g.row_bytes; ++column) {
            all.push_back(
                {g.source + row * g.source_stride + column, g.destination + row * g.destination_stride + column});
        }
    }
    return all;
}

/// The same rules in other words: byte after byte, a new packet begins with each row and each destination line.
struct reference_packet {
    std::size_t first_byte;
    std::uint32_t bytes;
    bool two_source_lines;
};
std::vector<reference_packet> reference_packets(const transfer_geometry& g) {
    const std::vector<byte_move> bytes = every_byte(g);
    std::vector<reference_packet> packets;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i % g.row_bytes == 0 || bytes[i].destination % packet_bytes == 0) {
            packets.push_back({i, 0, false});
        }
        reference_packet& p = packets.back();
        ++p.bytes;
        p.two_source_lines = bytes[p.first_byte].source / packet_bytes != bytes[i].source / packet_bytes;
    }
    return packets;
}

/// Runs the cutter and compares every piece with the reference.
void expect_cut_as_the_reference(const transfer_geometry& g, std::uint32_t burst_packets) {
    const std::vector<byte_move> bytes = every_byte(g);
    const std::vector<reference_packet> packets = reference_packets(g);
    std::size_t next_byte = 0;
    std::size_t next_packet = 0;
    transfer_cutter cutter(g);
    while (!cutter.finished()) {
        const transfer_piece piece = cutter.next(burst_packets);
        ASSERT_GE(piece.packets, 1U);
        ASSERT_LE(piece.packets, burst_packets);
        ASSERT_LE(next_packet + piece.packets, packets.size());

        std::uint32_t expected_bytes = 0;
        for (std::uint32_t i = 0; i < piece.packets; ++i) {
            const reference_packet& p = packets[next_packet + i];
            expected_bytes += p.bytes;
            EXPECT_EQ((piece.double_reads >> i & 1U) != 0, p.two_source_lines) << "packet " << next_packet + i;
            EXPECT_EQ((byte_move{piece.packet(i).source, piece.packet(i).destination}), bytes[p.first_byte]);
        }
        EXPECT_EQ(piece.double_reads >> piece.packets, 0U) << "only packets of the piece are read";
        ASSERT_EQ(piece.bytes, expected_bytes);
        next_packet += piece.packets;
        EXPECT_TRUE(piece.packets == burst_packets || next_packet == packets.size()) << "bursts are filled";

        std::uint32_t expected_at = 0;
        piece.for_each_run([&](std::int64_t source, std::int64_t destination, std::uint32_t length, std::uint32_t at) {
            EXPECT_EQ(at, expected_at);
            EXPECT_GE(length, 1U);
            for (std::uint32_t i = 0; i < length; ++i) {
                ASSERT_LT(next_byte, bytes.size());
                ASSERT_EQ((byte_move{source + i, destination + i}), bytes[next_byte]) << "byte " << next_byte;
                ++next_byte;
            }
            expected_at += length;
        });
        ASSERT_EQ(expected_at, piece.bytes);
    }
    EXPECT_EQ(next_byte, bytes.size());
    EXPECT_EQ(next_packet, packets.size());
}

TEST(transfer_cutter, sends_an_aligned_row_as_whole_lines) {
    transfer_cutter cutter({.source = 0, .destination = 128, .rows = 1, .row_bytes = 256});
    const transfer_piece piece = cutter.next(16);
    EXPECT_EQ(piece.packets, 4U);
    EXPECT_EQ(piece.bytes, 256U);
    EXPECT_EQ(piece.double_reads, 0U);
    EXPECT_TRUE(cutter.finished());
}

TEST(transfer_cutter, cuts_at_lines_of_the_destination_and_counts_sources_in_two_lines) {
    // Destination bytes 60..67 and 68..: one packet of 4 bytes, one of 64, one of 32. The source begins at 30, so the
    // second packet reads bytes 34..97, which lie in two lines; the third reads 98..129, across byte 128.
    transfer_cutter cutter({.source = 30, .destination = 60, .rows = 1, .row_bytes = 100});
    const transfer_piece piece = cutter.next(16);
    EXPECT_EQ(piece.packets, 3U);
    EXPECT_EQ(piece.double_reads, 0b110U);
}

TEST(transfer_cutter, fills_a_burst_across_rows) {
    transfer_cutter cutter(
        {.source = 0, .destination = 0, .source_stride = 640, .destination_stride = 64, .rows = 40, .row_bytes = 8});
    EXPECT_EQ(cutter.next(16).bytes, 128U);
    EXPECT_EQ(cutter.next(16).bytes, 128U);
    EXPECT_EQ(cutter.next(16).bytes, 64U);
    EXPECT_TRUE(cutter.finished());
}

TEST(transfer_cutter, has_nothing_to_send_for_no_bytes) {
    EXPECT_TRUE(transfer_cutter({.rows = 3, .row_bytes = 0}).finished());
    EXPECT_TRUE(transfer_cutter({.rows = 0, .row_bytes = 64}).finished());
}

TEST(transfer_cutter, cuts_every_alignment_of_a_short_row_as_a_byte_by_byte_reference_does) {
    for (std::int64_t source = 0; source < 64; source += 3) {
        for (std::int64_t destination = 0; destination < 64; ++destination) {
            for (const std::uint32_t bytes : {1U, 63U, 64U, 65U, 127U, 129U}) {
                SCOPED_TRACE(testing::Message()
                             << "source " << source << " destination " << destination << " bytes " << bytes);
                expect_cut_as_the_reference(
                    {.source = source, .destination = destination, .rows = 1, .row_bytes = bytes}, 2);
            }
        }
    }
}

TEST(transfer_cutter, cuts_random_two_dimensional_transfers_as_a_byte_by_byte_reference_does) {
    constexpr std::uint32_t seed = 20260729;
    std::mt19937 random(seed);
    const auto up_to = [&random](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
    for (int trial = 0; trial < 3000; ++trial) {
        transfer_geometry g;
        g.rows = 1 + up_to(12);
        g.row_bytes = 1 + up_to(trial % 3 == 0 ? 8 : 300);
        // Rows of the source may overlap, stand still or run backwards; those of the destination may not overlap.
        g.source_stride = static_cast<std::int64_t>(up_to(800)) - 300;
        g.source = 5000 + up_to(200);
        g.destination_stride = std::int64_t{g.row_bytes} + up_to(2) * up_to(100);
        g.destination = up_to(300);
        if (up_to(3) == 0) {
            g.destination += g.destination_stride * g.rows;
            g.destination_stride = -g.destination_stride;
        }
        const std::uint32_t burst_packets = 1 + up_to(15);
        SCOPED_TRACE(testing::Message() << "seed " << seed << " trial " << trial << ": " << g.rows << " x "
                                        << g.row_bytes << " B from " << g.source << " by " << g.source_stride << " to "
                                        << g.destination << " by " << g.destination_stride);
        expect_cut_as_the_reference(g, burst_packets);
        if (HasFatalFailure()) {
            return;
        }
    }
}

}  // namespace
}  // namespace d1
