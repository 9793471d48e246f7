#include "testbenches/d1sim/topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "models/parameter/error.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1 {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const std::string gemm_header = "Layer, M, N, K,\n";
const std::string convolution_header =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";

topology parse(const std::string& text, std::uint32_t batch = 1) {
    return parse_topology(text, "net.csv", batch);
}

/// The message with which a text is refused; "accepted" if it is not.
std::string refusal(const std::string& text, std::uint32_t batch = 1) {
    try {
        const topology read = parse(text, batch);
        return "accepted";
    } catch (const input_error& error) {
        return error.what();
    }
}

std::string refusal_of_file(const std::filesystem::path& path) {
    try {
        const topology read = read_topology(path, 1);
        return "accepted";
    } catch (const input_error& error) {
        return error.what();
    }
}

MATCHER_P3(is_gemm, m, n, k, "") {
    return arg.gemm == gemm_shape{m, n, k} && !arg.convolution;
}

// ---- forms

TEST(topology_form, a_gemm_table_gives_its_shapes_in_order) {
    const topology read = parse("Layer,M,N,K,\nQKT,1024,768,64,\nPW-FF L1, 5, 6, 7,\n");
    ASSERT_THAT(read.layers, ElementsAre(is_gemm(1024u, 768u, 64u), is_gemm(5u, 6u, 7u)));
    EXPECT_EQ(read.layers[0].name, "QKT");
    EXPECT_EQ(read.layers[1].name, "PW-FF L1");
    EXPECT_EQ(read.layers[0].line, 2u);
    EXPECT_EQ(read.layers[1].line, 3u);
    EXPECT_THAT(read.warnings, IsEmpty());
}

TEST(topology_form, a_convolution_table_gives_shapes_and_their_gemms) {
    const topology read = parse(convolution_header + "c, 11, 9, 3, 2, 5, 7, 2,\n");
    ASSERT_THAT(read.layers, SizeIs(1));
    EXPECT_EQ(read.layers[0].convolution, (convolution_shape{11, 9, 3, 2, 5, 7, 2, 1}));
    EXPECT_EQ(read.layers[0].gemm, (gemm_shape{5 * 4, 7, 3 * 2 * 5}));
    EXPECT_THAT(read.warnings, IsEmpty());
}

TEST(topology_form, columns_are_found_by_title_in_any_order) {
    EXPECT_THAT(parse("K,N,Layer,M\n3,2,x,1\n").layers, ElementsAre(is_gemm(1u, 2u, 3u)));
    const topology read = parse(
        "Strides,Num Filter,Channels,Filter Width,Filter Height,IFMAP Width,IFMAP Height,Layer\n1,7,6,5,4,30,20,x\n");
    EXPECT_EQ(read.layers.at(0).convolution, (convolution_shape{20, 30, 4, 5, 6, 7, 1, 1}));
}

TEST(topology_form, titles_may_vary_in_case_spacing_and_number) {
    for (const char* name : {"Layer", "layer name", "Layer Name", "LAYER_NAME", "  Layer  ", "\"Layer\""}) {
        EXPECT_THAT(parse(std::string(name) + ", m ,N,k\nx,1,2,3\n").layers, SizeIs(1)) << name;
    }
    EXPECT_THAT(parse("Layer name,Ifmap height,ifmap width,filter height,filter width,channels,num filters,strides,\n"
                      "x,4,4,1,1,1,1,1,\n")
                    .layers,
                SizeIs(1));
    EXPECT_THAT(parse("layer,IFMAP-H,IFMAP-W,Filter H,Filter W,Channel,Filters,Stride\nx,4,4,1,1,1,1,1\n").layers,
                SizeIs(1));
}

TEST(topology_form, two_stride_columns_must_agree) {
    const std::string header =
        "Layer,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Stride H,Stride W\n";
    EXPECT_EQ(parse(header + "x,9,9,3,3,1,1,2,2\n").layers.at(0).convolution->stride, 2u);
    EXPECT_THAT(
        refusal(header + "x,9,9,3,3,1,1,2,1\n"),
        AllOf(StartsWith("net.csv:2: columns 'Stride H' and 'Stride W': 2 and 1 differ"), HasSubstr("one stride")));
    EXPECT_THAT(
        refusal(convolution_header.substr(0, convolution_header.size() - 1) + "Stride W,\nx,9,9,3,3,1,1,2,2,\n"),
        StartsWith("net.csv:1: columns for one stride and for two"));
}

TEST(topology_form, a_convolution_table_may_carry_m_n_k_as_extra_columns) {
    const topology read = parse(
        "Layer,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides,M,N,K\n"
        "x,4,4,1,1,2,3,1,99,99,99\n");
    EXPECT_EQ(read.layers.at(0).gemm, (gemm_shape{16, 3, 2}));
    EXPECT_THAT(read.warnings, ElementsAre("net.csv:1: columns not used: 'M', 'N', 'K'"));
}

TEST(topology_form, batch_multiplies_m_or_the_images) {
    EXPECT_THAT(parse("Layer,M,N,K\nx,10,20,30\n", 8).layers, ElementsAre(is_gemm(80u, 20u, 30u)));
    const layer convolution = parse(convolution_header + "c, 4, 4, 3, 3, 5, 7, 1,\n", 8).layers.at(0);
    EXPECT_EQ(convolution.convolution->batch, 8u);
    EXPECT_EQ(convolution.gemm, (gemm_shape{8 * 4, 7, 45}));
    EXPECT_THAT(refusal("Layer,M,N,K\nx,1,1,1\n", 0), StartsWith("batch: '0' is out of range"));
}

// ---- text as it comes

TEST(topology_text, line_ends_and_byte_order_mark_make_no_difference) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
        for (const std::string mark : {"", "\xef\xbb\xbf"}) {
            for (const std::string& last : {std::string(), end}) {
                const topology read = parse(mark + "Layer,M,N,K," + end + end + "a,1,2,3," + end + "b,4,5,6," + last);
                ASSERT_THAT(read.layers, ElementsAre(is_gemm(1u, 2u, 3u), is_gemm(4u, 5u, 6u)));
                EXPECT_EQ(read.layers[1].line, 4u);
                EXPECT_THAT(read.warnings, IsEmpty());
            }
        }
    }
}

TEST(topology_text, trailing_commas_are_optional_and_may_be_many) {
    for (const std::string tail : {"", ",", ", ", ",,,,,", " , ,\t,"}) {
        const topology read = parse("Layer,M,N,K" + tail + "\na,1,2,3" + tail + "\nb,1,2,3\nc,1,2,3,,");
        EXPECT_THAT(read.layers, SizeIs(3)) << "tail '" << tail << "'";
        EXPECT_THAT(read.warnings, IsEmpty());
    }
}

TEST(topology_text, tabs_are_white_space_between_commas_and_separators_without_them) {
    EXPECT_THAT(parse("Layer,\tM\t,N,\t K\na\t,\t1,2\t,3\t\n").layers, ElementsAre(is_gemm(1u, 2u, 3u)));
    EXPECT_THAT(parse("Layer\t M\tN \t K\t\na b\t1\t 2\t3\t\n").layers, ElementsAre(is_gemm(1u, 2u, 3u)));
}

TEST(topology_text, a_comma_within_quotes_does_not_make_a_tab_separated_table_a_comma_separated_one) {
    const topology read = parse("\"A network, with tabs\"\t\nLayer\tM\tN\tK\t\"a, b\"\nx, y\t1\t2\t3\n");
    ASSERT_THAT(read.layers, ElementsAre(is_gemm(1u, 2u, 3u)));
    EXPECT_EQ(read.layers[0].name, "x, y");
}

TEST(topology_text, blank_rows_and_rows_of_commas_are_skipped) {
    const topology read = parse("\n,,,\nLayer,M,N,K\n,,,,,,\n   \n\t\na,1,2,3\n , , \n\n");
    EXPECT_THAT(read.layers, ElementsAre(is_gemm(1u, 2u, 3u)));
    EXPECT_EQ(read.layers[0].line, 7u);
    EXPECT_THAT(read.warnings, IsEmpty());
}

TEST(topology_text, a_row_with_only_its_first_cell_is_a_section_title_and_is_warned_of) {
    const topology read = parse("A network,,,\nLayer,M,N,K,\nEncoder,,,,\na,1,2,3,\nDecoder\nb,1,2,3,\n");
    EXPECT_THAT(read.layers, SizeIs(2));
    EXPECT_THAT(read.warnings, ElementsAre(StartsWith("net.csv:1: 'A network' stands alone"),
                                           StartsWith("net.csv:3: 'Encoder' stands"),
                                           StartsWith("net.csv:5: 'Decoder' stands alone")));
}

TEST(topology_text, extra_columns_are_ignored_with_one_warning) {
    const topology titled = parse("Layer,M,Eh,N,K,,e2\na,1,77,2,3,,x\nb,1,78,2,3,,y\n");
    EXPECT_THAT(titled.layers, ElementsAre(is_gemm(1u, 2u, 3u), is_gemm(1u, 2u, 3u)));
    EXPECT_THAT(titled.warnings, ElementsAre("net.csv:1: columns not used: 'Eh', 'e2'"));

    const topology untitled = parse("Layer,M,N,K,\na,1,2,3,\nb,1,2,3,9,,8\nc,1,2,3,9\n");
    EXPECT_THAT(untitled.layers, SizeIs(3));
    EXPECT_THAT(untitled.warnings, ElementsAre("net.csv:3: columns without a title in the header not used: 5, 7"));
}

TEST(topology_text, quoted_cells_hold_commas_and_doubled_quotes) {
    const topology read = parse("Layer,\"M\",N,K\n\"a, \"\"b\"\"\", \"1\" ,2,3\n5\" pipe,1,2,3\n\"\t\",1,1,1\n");
    ASSERT_THAT(read.layers, SizeIs(3));
    EXPECT_EQ(read.layers[0].name, "a, \"b\"");
    EXPECT_EQ(read.layers[1].name, "5\" pipe");
}

TEST(topology_text, bad_quotes_are_refused) {
    EXPECT_THAT(refusal(gemm_header + "\"a,1,2,3\nb,1,2,3\n"),
                AllOf(StartsWith("net.csv:2: the quote of '\"a,1,2,3' does not end"), Not(HasSubstr("\n"))));
    EXPECT_THAT(refusal(gemm_header + "\"a\"b,1,2,3\n"), StartsWith("net.csv:2: 'b,1,2,3' follows a closing quote"));
    EXPECT_THAT(refusal(gemm_header + "a,1,2,\"\n"), StartsWith("net.csv:2: the quote of '\"' does not end"));
}

TEST(topology_text, repeated_names_are_kept_and_warned_of) {
    const topology read = parse(gemm_header + "a,1,2,3\na,4,5,6\nA,1,1,1\n");
    ASSERT_THAT(read.layers, SizeIs(3));
    EXPECT_EQ(read.layers[1].name, "a");
    EXPECT_THAT(read.warnings, ElementsAre("net.csv:3: layer name 'a' was used in line 2; both layers are kept"));
}

TEST(topology_text, warnings_end_at_a_hundred_and_tell_how_many_follow) {
    std::string text = gemm_header;
    for (int i = 0; i < 151; ++i) text += "same,1,2,3\n";
    const topology read = parse(text);
    EXPECT_THAT(read.layers, SizeIs(151));
    ASSERT_THAT(read.warnings, SizeIs(101));
    EXPECT_EQ(read.warnings.back(), "net.csv:152: 50 more warnings");
}

// ---- refusals

TEST(topology_refusal, names_line_column_value_and_what_is_allowed) {
    EXPECT_EQ(refusal(convolution_header + "a, 5, 5, abc, 1, 1, 1, 1,\n"),
              "net.csv:2: column 'Filter Height': 'abc' is not a whole number; allowed are whole numbers from 1 to "
              "2147483647");
}

TEST(topology_refusal, what_is_not_a_whole_number) {
    for (const char* cell : {"abc", "nan", "NaN", "inf", "1.5", "64.0", "1e3", "0x10", "1 2", "+3", "-", "--3", "3;",
                             "½", "99999999999999999999x"}) {
        EXPECT_THAT(refusal(gemm_header + "a,1,2," + cell + "\n"),
                    StartsWith("net.csv:2: column 'K': '" + std::string(cell) + "' is not a whole number"));
    }
}

TEST(topology_refusal, numbers_out_of_range) {
    for (const char* cell :
         {"0", "-1", "-0", "2147483648", "4294967297", "18446744073709551617", "-18446744073709551617"}) {
        EXPECT_THAT(refusal(gemm_header + "a,1," + cell + ",3\n"),
                    StartsWith("net.csv:2: column 'N': '" + std::string(cell) + "' is out of range"));
    }
    EXPECT_THAT(parse(gemm_header + "a,1,2147483647,1\n").layers, ElementsAre(is_gemm(1u, 2147483647u, 1u)));
}

TEST(topology_refusal, missing_values) {
    EXPECT_THAT(refusal(gemm_header + "a,1,2\n"), StartsWith("net.csv:2: column 'K': no value"));
    EXPECT_THAT(refusal(gemm_header + "a,,2,3\n"), StartsWith("net.csv:2: column 'M': no value"));
    EXPECT_THAT(refusal(gemm_header + ",1,2,3\n"), StartsWith("net.csv:2: column 'Layer': no value"));
}

TEST(topology_refusal, matrices_over_two_to_the_forty_elements) {
    EXPECT_THAT(parse(gemm_header + "a,1048576,1,1048576\n").layers, SizeIs(1));
    EXPECT_THAT(refusal(gemm_header + "a,1048577,1,1048576\n"),
                AllOf(StartsWith("net.csv:2: layer 'a' is too large: the number of elements of A"),
                      HasSubstr("1099511627776")));
    EXPECT_THAT(refusal(gemm_header + "a,1,1048577,1048576\n"), HasSubstr("elements of B"));
    EXPECT_THAT(refusal(gemm_header + "a,1048577,1048576,1\n"), HasSubstr("elements of C"));
}

TEST(topology_refusal, a_batch_that_makes_m_too_large) {
    EXPECT_THAT(parse("Layer,M,N,K\na,65536,1,1\n", 32767).layers, SizeIs(1));
    EXPECT_THAT(refusal("Layer,M,N,K\na,65536,1,1\n", 32768), HasSubstr("batch x M is over 2147483647"));
    EXPECT_THAT(refusal("Layer,M,N,K\na,1,1,1\n", 4294967295), StartsWith("batch: '4294967295' is out of range"));
}

TEST(topology_refusal, convolutions_whose_gemm_is_too_large) {
    EXPECT_THAT(refusal(convolution_header + "a, 65536, 65536, 1, 1, 1, 1, 1,\n"),
                HasSubstr("M, batch x output height"));
    EXPECT_THAT(refusal(convolution_header + "a, 65536, 65536, 65536, 65536, 1, 1, 1,\n"),
                HasSubstr("K, filter height"));
    EXPECT_THAT(refusal(convolution_header + "a, 2147483647, 2147483647, 1, 1, 2147483647, 1, 2147483647,\n"),
                HasSubstr("the number of input elements"));
    EXPECT_THAT(refusal(convolution_header +
                        "a, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647,\n"),
                HasSubstr("too large"));
}

TEST(topology_refusal, a_table_whose_operations_overflow_a_sum) {
    std::string text = gemm_header;
    const std::string largest = "a,1048576,1048576,1048576\n";  // 2^60 multiply-accumulates
    for (int i = 0; i < 4; ++i) text += largest;
    EXPECT_THAT(parse(text).layers, SizeIs(4));
    EXPECT_THAT(refusal(text + largest),
                StartsWith("net.csv:6: the layers up to here take more than 4611686018427387904"));
}

TEST(topology_refusal, a_filter_larger_than_its_input) {
    EXPECT_THAT(parse(convolution_header + "a, 5, 6, 5, 6, 1, 1, 1,\n").layers, SizeIs(1));
    EXPECT_THAT(refusal(convolution_header + "a, 5, 6, 6, 6, 1, 1, 1,\n"),
                StartsWith("net.csv:2: column 'Filter Height': '6' is larger than 'IFMAP Height', '5'"));
    EXPECT_THAT(refusal(convolution_header + "a, 5, 6, 5, 7, 1, 1, 1,\n"),
                StartsWith("net.csv:2: column 'Filter Width': '7' is larger than 'IFMAP Width', '6'"));
}

TEST(topology_refusal, a_file_without_a_header_is_told_what_is_expected) {
    for (const char* text :
         {"conv1,224,224,7,7,3,64,2,\n", "Layer,a,b\n1,2,3\n", "just text\n", "{\"layers\": []}\n", "a;b;c\n"}) {
        EXPECT_THAT(refusal(text), AllOf(StartsWith("net.csv"), HasSubstr("no header"), HasSubstr("Layer, M, N, K"),
                                         HasSubstr("IFMAP Height")))
            << text;
    }
}

TEST(topology_refusal, a_header_that_lacks_columns_is_told_which) {
    EXPECT_THAT(refusal("Layer,M,N,\na,1,2\n"), StartsWith("net.csv:1: the header lacks 'K'; expected"));
    EXPECT_THAT(refusal("M,N,K\n1,2,3\n"), StartsWith("net.csv:1: the header lacks 'Layer'; expected"));
    EXPECT_THAT(
        refusal("Layer,IFMAP Height,IFMAP Width,Filtr Height,Filter Width,Channels,Num Filter\n"),
        StartsWith("net.csv:1: the header lacks 'Filter Height', 'Strides'; not known: 'Filtr Height'; expected"));
    EXPECT_THAT(refusal("Layer,M,N,K,m\na,1,2,3,4\n"), StartsWith("net.csv:1: columns 'M' and 'm' mean the same"));
}

TEST(topology_refusal, no_layer_at_all) {
    EXPECT_THAT(refusal(""), StartsWith("net.csv: an empty file"));
    EXPECT_THAT(refusal("\xef\xbb\xbf"), StartsWith("net.csv: an empty file"));
    EXPECT_THAT(refusal("\n \n,,,\n"), StartsWith("net.csv: no header"));
    EXPECT_THAT(refusal(gemm_header), StartsWith("net.csv: a header, but no layer"));
    EXPECT_THAT(refusal(convolution_header + "\nTitle,,,,\n"), StartsWith("net.csv: a header, but no layer"));
}

TEST(topology_refusal, what_is_not_text) {
    using namespace std::string_literals;
    EXPECT_THAT(refusal(gemm_header + "a\0b,1,2,3\n"s), StartsWith("net.csv:2: a NUL byte"));
    EXPECT_THAT(refusal(gemm_header + "a,1,2,3\nGr\xf6\xdf"
                                      "e,1,2,3\n"),
                StartsWith("net.csv:3: not UTF-8"));
    EXPECT_THAT(refusal("\x7f"
                        "ELF\x02\x01\x01"s),
                StartsWith("net.csv:1: a control character"));
    EXPECT_THAT(refusal("\x89PNG\r\n"s), StartsWith("net.csv:1: not UTF-8"));
    EXPECT_THAT(refusal(gemm_header + "\x1b[2Ja,1,2,3\n"), StartsWith("net.csv:2: a control character"));
    EXPECT_THAT(refusal(gemm_header + "\xc2\x9b"
                                      "2Ja,1,2,3\n"),
                StartsWith("net.csv:2: a control character"));
}

TEST(topology_refusal, malformed_utf_8) {
    for (const char* bytes : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                              "\xf8\x88\x80\x80", "\xc3", "\xe2\x82", "\xff"}) {
        EXPECT_THAT(refusal(gemm_header + bytes + ",1,2,3\n"), StartsWith("net.csv:2: not UTF-8"));
    }
    for (const char* name : {"é", "€", "层", "😀", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(parse(gemm_header + name + ",1,2,3\n").layers.at(0).name, name);
    }
}

TEST(topology_refusal, long_texts_are_shortened_in_messages_at_a_whole_character) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "€";
    const std::string message = refusal(gemm_header + "a,1,2," + text + "\n");
    EXPECT_THAT(message, HasSubstr(": '" + text.substr(0, 39) + "...' is not a whole number"));
}

TEST(topology_refusal, too_many_columns_and_too_large_a_file) {
    EXPECT_THAT(parse(gemm_header + "a,1,2,3" + std::string(252, ',')).layers, SizeIs(1));
    EXPECT_THAT(refusal(gemm_header + "a,1,2,3" + std::string(253, ',')),
                StartsWith("net.csv:2: more than 256 columns"));
    EXPECT_THAT(refusal(std::string(max_topology_bytes + 1, ',')), StartsWith("net.csv: larger than 16 MiB"));
    constexpr char filling = is_sanitized ? ' ' : '\n';  // one long row takes a sanitizer less than 16 million
    EXPECT_THAT(
        parse(gemm_header + "a,1,2,3" + std::string(max_topology_bytes - gemm_header.size() - 7, filling)).layers,
        SizeIs(1));
}

// ---- files

class topology_file : public testing::Test {
  protected:
    topology_file()
        : folder_(std::filesystem::path(testing::TempDir()) / ("topology_test_" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~topology_file() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return folder_ / name;
    }

    std::filesystem::path folder_;
};

TEST_F(topology_file, is_read_like_its_text) {
    const std::filesystem::path path = write("a.csv", gemm_header + "a,1,2,3\na,1,2,3\n");
    const topology read = read_topology(path, 5);
    EXPECT_THAT(read.layers, ElementsAre(is_gemm(5u, 2u, 3u), is_gemm(5u, 2u, 3u)));
    EXPECT_THAT(read.warnings, ElementsAre(StartsWith(path.string() + ":3: layer name")));
}

TEST_F(topology_file, larger_than_a_read_buffer_is_read_whole) {
    std::string text = gemm_header;
    for (int i = 1; i <= 20000; ++i) text += "layer" + std::to_string(i) + "," + std::to_string(i) + ",2,3,\n";
    const topology read = read_topology(write("long.csv", text), 1);
    ASSERT_THAT(read.layers, SizeIs(20000));
    for (std::size_t i = 0; i < read.layers.size(); ++i) ASSERT_EQ(read.layers[i].gemm.m, i + 1);
}

TEST_F(topology_file, that_is_no_file_is_refused) {
    EXPECT_EQ(refusal_of_file(folder_), folder_.string() + ": a directory; give the topology CSV file itself");
    EXPECT_EQ(refusal_of_file(folder_ / "none.csv"), (folder_ / "none.csv").string() + ": no such file");
    EXPECT_EQ(refusal_of_file(""), ": no such file");
    EXPECT_THAT(refusal_of_file("/dev/null"), StartsWith("/dev/null: an empty file"));
    EXPECT_THAT(refusal_of_file(std::string(5000, 'x')), HasSubstr("cannot open the file: File name too long"));
}

TEST_F(topology_file, that_never_ends_is_refused_as_too_large) {
    EXPECT_THAT(refusal_of_file("/dev/zero"), StartsWith("/dev/zero: larger than 16 MiB"));
}

TEST_F(topology_file, that_may_not_be_opened_is_refused) {
    if (geteuid() == 0) GTEST_SKIP() << "root may open every file";
    const std::filesystem::path path = write("secret.csv", gemm_header + "a,1,2,3\n");
    ASSERT_EQ(chmod(path.c_str(), 0), 0);
    EXPECT_EQ(refusal_of_file(path), path.string() + ": cannot open the file: Permission denied");
}

TEST_F(topology_file, that_fails_while_it_is_read_is_refused) {
    const std::filesystem::path path = "/proc/self/mem";  // address 0 is never mapped: reading it is an I/O error
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
    EXPECT_THAT(refusal_of_file(path), StartsWith("/proc/self/mem: cannot read the file: Input/output error"));
}

}  // namespace
}  // namespace d1
