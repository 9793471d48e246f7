#include "testbenches/d1sim/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "models/parameter/error.hpp"

namespace d1 {
namespace {

using testing::HasSubstr;

/// A file with this header text, padded as NumPy pads, and this data.
std::string file_of(const std::string& dictionary, const std::string& data, char major = 1) {
    std::string header = dictionary;
    const std::size_t before = major == 1 ? 10 : 12;
    header.append(63 - (before + header.size()) % 64, ' ');
    header += '\n';
    std::string text = "\x93NUMPY";
    text += {major, '\0', static_cast<char>(header.size() & 0xFFU), static_cast<char>(header.size() >> 8U)};
    if (major > 1) text += {'\0', '\0'};
    return text + header + data;
}

npy_array read(const std::string& text) {
    std::istringstream in(text);
    return read_npy(in, "a.npy");
}

std::string refusal(const std::string& text) {
    try {
        (void)read(text);
    } catch (const input_error& e) {
        return e.what();
    }
    return "nothing was refused";
}

std::string dictionary(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

TEST(npy, reads_what_numpy_writes) {
    // numpy.save("a.npy", numpy.array([[1, 2, 3]], dtype="float32")), byte for byte
    const std::string text = std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }" + std::string(58, ' ') +
                             "\n" + std::string("\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40", 12);
    const npy_array a = read(text);
    EXPECT_EQ(a.type_name(), "float32");
    EXPECT_EQ(a.shape, (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(a.elements(), 3U);
    EXPECT_EQ(static_cast<int>(a.bytes[3]), 0x3f);
    EXPECT_EQ(npy_text(a), text) << "and writes it as NumPy does";
}

TEST(npy, reads_the_later_versions_any_order_of_keys_and_other_quotes) {
    for (const char major : {'\1', '\2', '\3'}) {
        const npy_array a = read(file_of("{\"shape\":(2,),'fortran_order':True,\"descr\":'|u1'}", "ab", major));
        EXPECT_EQ(a.type_name(), "uint8");
        EXPECT_EQ(a.shape, (std::vector<std::uint64_t>{2}));
    }
    EXPECT_EQ(read(file_of(dictionary("<i8", "()"), "12345678")).elements(), 1U) << "a scalar has no axis";
    EXPECT_EQ(read(file_of(dictionary("<f8", "(3, 0, 2)"), "")).elements(), 0U);
}

TEST(npy, comes_back_as_it_was_written) {
    std::mt19937_64 engine(1);
    for (const char kind : {'f', 'i', 'u'}) {
        for (const std::uint32_t size : {1U, 2U, 4U, 8U}) {
            if (kind == 'f' && size < 4) continue;
            for (std::size_t axes = 0; axes < 30; ++axes) {
                npy_array a{kind, size, std::vector<std::uint64_t>(axes, 1), {}};
                if (axes > 0) a.shape[axes / 2] = engine() % 100;
                a.bytes.resize(size * (axes > 0 ? a.shape[axes / 2] : 1));
                for (std::byte& b : a.bytes) b = static_cast<std::byte>(engine());
                const std::string text = npy_text(a);
                EXPECT_EQ(read(text), a);
                EXPECT_EQ((text.size() - a.bytes.size()) % 64, 0U);
            }
        }
    }
}

TEST(npy, refuses_what_is_no_array_of_plain_numbers) {
    EXPECT_EQ(refusal(""), "a.npy: no .npy file; expected one as numpy.save writes it");
    EXPECT_EQ(refusal("PK\x03\x04zip"), "a.npy: no .npy file; expected one as numpy.save writes it");
    EXPECT_EQ(refusal(file_of(dictionary("<f4", "(1,)"), "abcd", 4)),
              "a.npy: version 4.0 of the .npy format; 1.0, 2.0 and 3.0 are known");
    EXPECT_THAT(refusal(file_of(dictionary("|O", "(1,)"), "abcd")),
                HasSubstr("elements of type '|O'; expected float32"));
    EXPECT_THAT(refusal(file_of(dictionary("<f2", "(1,)"), "ab")), HasSubstr("elements of type '<f2'; expected"));
    EXPECT_THAT(refusal(file_of(dictionary("<c8", "(1,)"), "abcdefgh")), HasSubstr("elements of type '<c8'"));
    EXPECT_THAT(refusal(file_of(dictionary("<f99999999999", "(1,)"), "")), HasSubstr("elements of type"));
    EXPECT_THAT(refusal(file_of(dictionary(">f4", "(1,)"), "abcd")),
                HasSubstr("big-endian elements; array.astype('<f4')"));
    EXPECT_THAT(refusal(file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd")),
                HasSubstr("an array of records"));
    EXPECT_THAT(refusal(file_of(dictionary("<f4", "(2, 2)", "True"), std::string(16, 'a'))),
                HasSubstr("a Fortran-ordered array; numpy.ascontiguousarray"));
}

TEST(npy, refuses_sizes_that_are_not_the_files) {
    const std::string whole = file_of(dictionary("<f4", "(2, 3)"), std::string(24, 'a'));
    EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
              "a.npy: cut short: shape (2, 3) of float32 takes 24 bytes behind the header, the file has 23");
    EXPECT_EQ(refusal(whole + "b"), "a.npy: goes on behind its array of shape (2, 3); expected one array");
    EXPECT_THAT(refusal(file_of(dictionary("<f8", "(4294967296, 4294967296)"), "")), HasSubstr("no file holds"));
    EXPECT_THAT(refusal(file_of(dictionary("<f4", "(1152921504606846975,)"), "abc")), HasSubstr("cut short"))
        << "and takes no memory for what is not there";
    EXPECT_THAT(refusal(file_of(dictionary("<f4", "(99999999999999999999999,)"), "")), HasSubstr("damaged"));
    EXPECT_THAT(refusal(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)), HasSubstr("header of 4294967295 bytes"));
}

TEST(npy, refuses_damaged_headers) {
    for (const char* bad :
         {"", "{", "}", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
          "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
          "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "{'descr: <f4}"}) {
        EXPECT_THAT(refusal(file_of(bad, "abcd")), HasSubstr("its .npy header is damaged")) << bad;
    }
}

TEST(npy, whatever_its_bytes_is_read_or_refused) {
    const std::string whole = file_of(dictionary("<f4", "(2, 3)"), std::string(24, 'a'));
    for (std::size_t n = 0; n < whole.size(); ++n) {
        EXPECT_THAT(refusal(whole.substr(0, n)), HasSubstr("a.npy: ")) << n;
    }
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        std::mt19937_64 engine(seed);
        std::string changed = whole;
        for (std::uint64_t k = 1 + engine() % 4; k > 0; --k) changed[engine() % 80] = static_cast<char>(engine());
        (void)refusal(changed);  // nothing but an input_error is thrown
    }
}

}  // namespace
}  // namespace d1
