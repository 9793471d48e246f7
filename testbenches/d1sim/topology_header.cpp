#include "testbenches/d1sim/topology_header.hpp"

#include <algorithm>
#include <utility>

namespace d1 {

namespace {

using csv::in_quotes;
using csv::joined;
using csv::position;
using csv::refuse;
using enum column;

struct column_titles {
    std::string_view title;                     ///< as messages write it
    std::array<std::string_view, 5> spellings;  ///< accepted, as plain_title() gives them
};

/// In the order of `column`.
constexpr std::array<column_titles, 13> titles{{
    {"Layer", {"layer", "layername", "layers", "name"}},
    {"M", {"m"}},
    {"N", {"n"}},
    {"K", {"k"}},
    {"IFMAP Height", {"ifmapheight", "ifmaph"}},
    {"IFMAP Width", {"ifmapwidth", "ifmapw"}},
    {"Filter Height", {"filterheight", "filterh"}},
    {"Filter Width", {"filterwidth", "filterw"}},
    {"Channels", {"channels", "channel", "numchannels", "numchannel"}},
    {"Num Filter", {"numfilter", "numfilters", "filters", "numberoffilters"}},
    {"Strides", {"strides", "stride"}},
    {"Stride Height", {"strideheight", "strideh", "stridesheight", "stridesh"}},
    {"Stride Width", {"stridewidth", "stridew", "strideswidth", "stridesw"}},
}};

constexpr std::array gemm_columns{layer_name, m, n, k};
constexpr std::array convolution_columns{layer_name,   ifmap_height, ifmap_width, filter_height,
                                         filter_width, channels,     filters};

std::string title_of(column c) {
    return in_quotes(titles[static_cast<std::size_t>(c)].title);
}

/// A title without what varies between files: case, spaces, punctuation.
std::string plain_title(std::string_view title) {
    std::string plain;
    for (const char c : title) {
        if (c >= 'A' && c <= 'Z') {
            plain.push_back(static_cast<char>(c - 'A' + 'a'));
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0) {
            plain.push_back(c);
        }
    }
    return plain;
}

std::optional<column> find_column(std::string_view title) {
    const std::string plain = plain_title(title);
    if (plain.empty()) return std::nullopt;
    for (std::size_t i = 0; i < titles.size(); ++i) {
        if (std::ranges::find(titles[i].spellings, plain) != titles[i].spellings.end()) return static_cast<column>(i);
    }
    return std::nullopt;
}

}  // namespace

topology_header::topology_header(std::vector<std::string> cells, char separator, position where)
    : cells_(std::move(cells)), separator_(separator) {
    static_assert(titles.size() == column_count);
    find_columns(where);
    choose_form(where);
}

std::vector<std::string> topology_header::unused() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const std::optional<column> meaning = find_column(cells_[i]);
        if (has_title(i) && !(meaning && uses(*meaning))) names.push_back(in_quotes(cells_[i]));
    }
    return names;
}

std::vector<std::string> topology_header::missing(std::span<const column> wanted) const {
    std::vector<std::string> names;
    for (const column c : wanted) {
        if (!has(c)) names.push_back(title_of(c));
    }
    return names;
}

bool topology_header::uses(column c) const {
    const bool of_gemm = std::ranges::find(gemm_columns, c) != gemm_columns.end();
    return is_convolution_ ? c == layer_name || !of_gemm : of_gemm;
}

void topology_header::find_columns(position where) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const std::optional<column> meaning = find_column(cells_[i]);
        if (!meaning) continue;
        if (has(*meaning)) {
            refuse(where, "columns " + in_quotes(title(*meaning)) + " and " + in_quotes(cells_[i]) +
                              " mean the same; keep one of them");
        }
        index_[static_cast<std::size_t>(*meaning)] = i;
    }
}

/// The convolution form goes first: its tables may carry M, N and K as derived columns.
void topology_header::choose_form(position where) {
    std::vector<std::string> lacking = missing(convolution_columns);
    const bool any_direction = has(stride_height) || has(stride_width);
    const bool both_directions = has(stride_height) && has(stride_width);
    if (!has(stride) && !both_directions) lacking.push_back(title_of(stride));

    is_convolution_ = lacking.empty();
    if (is_convolution_ && has(stride) && any_direction) {
        refuse(where, "columns for one stride and for two; keep 'Strides', or 'Stride Height' and 'Stride Width'");
    }
    if (!is_convolution_ && !missing(gemm_columns).empty()) refuse_incomplete(std::move(lacking), where);
}

void topology_header::refuse_incomplete(std::vector<std::string> lacking, position where) const {
    const bool any_of_gemm = has(m) || has(n) || has(k);
    const bool any_of_convolution = lacking.size() < convolution_columns.size();
    if (!any_of_gemm && !any_of_convolution) {
        refuse(where, "no header that names the columns of a layer; " + std::string(expected_header));
    }
    if (any_of_gemm && !any_of_convolution) lacking = missing(gemm_columns);

    std::vector<std::string> unknown;
    for (const std::string& cell : cells_) {
        if (!cell.empty() && !find_column(cell)) unknown.push_back(in_quotes(cell));
    }
    refuse(where, "the header lacks " + joined(lacking) + (unknown.empty() ? "" : "; not known: " + joined(unknown)) +
                      "; " + std::string(expected_header));
}

}  // namespace d1
