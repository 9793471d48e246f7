#pragma once
// Route tables as text.

#include <array>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/noc/route_table.hpp"

namespace d1::noc {

/// A route table in its text form, which docs/routing.md explains: lines "ROUTER INPUT DESTINATION OUTPUT", in which
/// places may be ranges, any, or relative to the router's; the last line that fits a packet decides.
class routing_file {
  public:
    /// A longer text is refused unread, in bytes.
    static constexpr std::size_t longest_text = 16U << 20U;

    /// `name` stands for the file in messages. Throws input_error with name:line where the text is no table.
    routing_file(std::string_view text, std::string name);
    /// Reads a file. Throws input_error also where it cannot be read.
    [[nodiscard]] static routing_file load(const std::string& path);

    /// The table for a mesh. Throws input_error where the text is for another mesh, names places outside of it, leaves
    /// a packet without a line, does not lead it to its destination, or could deadlock.
    [[nodiscard]] route_table table(grid shape, const mesh_faults& faults) const;

  private:
    /// Which numbers of a column or row a line is for.
    struct range {
        enum class relation : std::uint8_t { between, less, equal, greater };
        relation kind = relation::between;
        std::int32_t first = 0;
        std::int32_t last = 0;
        [[nodiscard]] bool holds(std::int32_t value, std::int32_t router) const noexcept;
    };
    struct area {
        range x;
        range y;
    };
    struct rule {
        area routers;
        std::uint32_t inputs = 0;  ///< bit p for port p
        area destinations;
        port out = port::local;
        std::uint32_t line = 0;
    };

    [[noreturn]] void refuse(std::uint32_t line, const std::string& what) const;
    void read_line(const std::vector<std::string_view>& words, std::uint32_t line);
    [[nodiscard]] std::optional<range> read_range(std::string_view text, bool relative) const;
    [[nodiscard]] area read_area(std::string_view text, bool relative, std::uint32_t line) const;
    [[nodiscard]] std::uint32_t read_inputs(std::string_view text, std::uint32_t line) const;
    void require_inside(grid shape) const;

    std::string name_;
    std::optional<grid> shape_;
    std::vector<rule> rules_;
};

/// Writes a table in the text form; reading it gives a table with the same paths.
void write_routes(std::ostream& out, const route_table& routes);

}  // namespace d1::noc
