#pragma once
// How a transfer becomes packets, and packets bursts: the same at every timing level.

#include <algorithm>
#include <cstdint>

namespace d1 {

/// Bytes of a link packet, and of an SRAM line.
inline constexpr std::uint32_t packet_bytes = 64;

/// The two sides of a transfer: `rows` rows of `row_bytes`, each side with its own start and stride.
struct transfer_geometry {
    std::int64_t source = 0;       ///< offset of the first byte in the SRAM that is read
    std::int64_t destination = 0;  ///< offset of the first byte in the SRAM that is written
    std::int64_t source_stride = 0;
    std::int64_t destination_stride = 0;
    std::uint32_t rows = 1;
    std::uint32_t row_bytes = 0;

    [[nodiscard]] std::uint64_t bytes() const noexcept { return std::uint64_t{rows} * row_bytes; }
    /// Bytes of the packet that begins there: up to the end of the row or of the destination's line.
    [[nodiscard]] std::uint32_t packet_at(std::uint32_t row, std::uint32_t column) const noexcept {
        const auto to = static_cast<std::uint64_t>(destination + row * destination_stride + column);
        return std::min(packet_bytes - static_cast<std::uint32_t>(to % packet_bytes), row_bytes - column);
    }
};

/// A stretch of a transfer that one burst carries.
struct transfer_piece {
    transfer_geometry geometry;
    std::uint32_t row = 0;           ///< where the piece begins
    std::uint32_t column = 0;        ///< byte within that row
    std::uint32_t bytes = 0;         ///< of the whole piece; it may span rows
    std::uint32_t packets = 0;       ///< slots it takes on a link
    std::uint32_t double_reads = 0;  ///< bit i: the source of packet i lies in two lines

    struct place {
        std::int64_t source = 0;
        std::int64_t destination = 0;
    };
    /// Where packet `number` of the piece begins on both sides.
    [[nodiscard]] place packet(std::uint32_t number) const noexcept {
        std::uint32_t r = row;
        std::uint32_t c = column;
        for (; number != 0; --number) {
            c += geometry.packet_at(r, c);
            if (c == geometry.row_bytes) {
                c = 0;
                ++r;
            }
        }
        return {geometry.source + r * geometry.source_stride + c,
                geometry.destination + r * geometry.destination_stride + c};
    }

    /// Calls visit(source offset, destination offset, bytes, offset within the piece) for each contiguous run.
    template <typename Visitor>
    void for_each_run(Visitor&& visit) const {
        std::uint32_t r = row;
        std::uint32_t c = column;
        for (std::uint32_t done = 0; done < bytes;) {
            const std::uint32_t length = std::min(bytes - done, geometry.row_bytes - c);
            visit(geometry.source + r * geometry.source_stride + c,
                  geometry.destination + r * geometry.destination_stride + c, length, done);
            done += length;
            ++r;
            c = 0;
        }
    }
};

/// Cuts a transfer row by row at 64-byte lines of the destination into packets, and groups up to `burst_packets`
/// successive packets into a piece.
class transfer_cutter {
  public:
    /// Has nothing to cut.
    transfer_cutter() = default;
    explicit transfer_cutter(const transfer_geometry& geometry) : geometry_(geometry) {
        if (geometry.row_bytes == 0) {
            row_ = geometry.rows;
        }
    }

    [[nodiscard]] const transfer_geometry& geometry() const noexcept { return geometry_; }
    [[nodiscard]] bool finished() const noexcept { return row_ >= geometry_.rows; }

    /// The next piece; not to be called once finished.
    [[nodiscard]] transfer_piece next(std::uint32_t burst_packets) {
        transfer_piece piece{geometry_, row_, column_, 0, 0, 0};
        while (piece.packets < burst_packets && !finished()) {
            const std::int64_t source = geometry_.source + row_ * geometry_.source_stride + column_;
            const std::uint32_t length = geometry_.packet_at(row_, column_);
            if (line_offset(source) + length > packet_bytes) {
                piece.double_reads |= 1U << piece.packets;
            }
            ++piece.packets;
            piece.bytes += length;
            column_ += length;
            if (column_ == geometry_.row_bytes) {
                column_ = 0;
                ++row_;
            }
        }
        return piece;
    }

  private:
    [[nodiscard]] static std::uint32_t line_offset(std::int64_t address) noexcept {
        return static_cast<std::uint32_t>(address & (packet_bytes - 1));
    }

    transfer_geometry geometry_{.rows = 0};  // nothing to cut
    std::uint32_t row_ = 0;
    std::uint32_t column_ = 0;
};

}  // namespace d1
