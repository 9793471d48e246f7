#pragma once
// The table of instructions that printing and parsing share: the mnemonic of each, and its keys. Private to the text
// form.
//
// A visitor of operands has required(key, field, kind) and optional(key, field, default, kind), and meets the keys in
// the order in which they are printed.

#include <array>
#include <cstdint>
#include <string_view>

#include "models/program/instruction.hpp"

namespace d1::program::detail {

/// What an affine operand counts, and so which symbols it is printed with.
enum class operand_kind : std::uint8_t { number, address, semaphore };

/// An enumeration's word for itself, and those for its values in their order.
template <typename Enumeration>
struct choice_words;
template <>
struct choice_words<buffer_content> {
    static constexpr std::string_view what = "content";
    static constexpr std::array<std::string_view, 2> values{"data", "index"};
};
template <>
struct choice_words<numerics::rounding_mode> {
    static constexpr std::string_view what = "rounding";
    static constexpr std::array<std::string_view, 2> values{"nearest", "stochastic"};
};
template <>
struct choice_words<reduction> {
    static constexpr std::string_view what = "reduction";
    static constexpr std::array<std::string_view, 5> values{"sum", "maximum", "minimum", "index_of_maximum",
                                                            "index_of_minimum"};
};
template <typename Enumeration>
concept choice = requires {
    choice_words<Enumeration>::what;
};

template <typename Instruction>
struct text_form;

template <>
struct text_form<matrix_multiply<affine>> {
    static constexpr std::string_view mnemonic = "matrix_multiply";
    static void operands(auto& i, auto& keys) {
        keys.required("c", i.c, operand_kind::address);
        keys.required("a", i.a, operand_kind::address);
        keys.required("b", i.b, operand_kind::address);
        keys.required("row_blocks", i.row_blocks);
        keys.required("column_blocks", i.column_blocks);
        keys.required("k_steps", i.k_steps);
        keys.required("a_type", i.a_type);
        keys.required("b_type", i.b_type);
        keys.optional("accumulate", i.accumulate, affine(1));
        keys.optional("a_step_stride", i.a_step_stride, std::int64_t{0});
    }
};

template <>
struct text_form<vector_operation<affine>> {
    static constexpr std::string_view mnemonic = "vector_operation";
    static void operands(auto& i, auto& keys) {
        keys.required("operation", i.operation);
        keys.required("destination", i.destination, operand_kind::address);
        keys.required("destination_type", i.destination_type);
        keys.required("elements", i.elements);
        keys.optional("a", i.a, affine(), operand_kind::address);
        keys.optional("a_type", i.a_type, numerics::element_type());
        keys.optional("b", i.b, affine(), operand_kind::address);
        keys.optional("b_type", i.b_type, numerics::element_type());
        keys.optional("scalar", i.scalar, 0.0F);
        keys.optional("broadcast_b", i.broadcast_b, false);
        keys.optional("active", i.active, std::optional<affine>());
        keys.optional("rounding", i.rounding, numerics::rounding_mode::nearest);
        keys.optional("key", i.key, affine());
        keys.optional("index", i.index, affine());
        keys.optional("rows", i.rows, 1U);
        keys.optional("a_stride", i.a_stride, std::int64_t{0});
        keys.optional("b_stride", i.b_stride, std::int64_t{0});
        keys.optional("destination_stride", i.destination_stride, std::int64_t{0});
        keys.optional("index_stride", i.index_stride, std::int64_t{0});
    }
};

/// Keys of the shape that copy, push and pull have in common.
void shape_operands(auto& shape, auto& keys) {
    const transfer_shape defaults;
    keys.required("row_bytes", shape.row_bytes);
    keys.optional("rows", shape.rows, defaults.rows);
    keys.optional("source_stride", shape.source_stride, defaults.source_stride);
    keys.optional("destination_stride", shape.destination_stride, defaults.destination_stride);
}

template <>
struct text_form<push<affine>> {
    static constexpr std::string_view mnemonic = "push";
    static void operands(auto& i, auto& keys) {
        const std::optional<semaphore_update<affine>> none;
        keys.required("to", i.to);
        keys.required("source", i.source, operand_kind::address);
        keys.required("destination", i.destination, operand_kind::address);
        shape_operands(i.shape, keys);
        keys.optional("done", i.done, none);
        keys.optional("notify", i.notify, none);
    }
};

template <>
struct text_form<pull<affine>> {
    static constexpr std::string_view mnemonic = "pull";
    static void operands(auto& i, auto& keys) {
        keys.required("from", i.from);
        keys.required("source", i.source, operand_kind::address);
        keys.required("destination", i.destination, operand_kind::address);
        shape_operands(i.shape, keys);
        keys.optional("done", i.done, std::optional<semaphore_update<affine>>());
    }
};

template <>
struct text_form<signal<affine>> {
    static constexpr std::string_view mnemonic = "signal";
    static void operands(auto& i, auto& keys) {
        keys.optional("to", i.to, std::optional<node_reference<affine>>());
        keys.required("semaphore", i.update.semaphore, operand_kind::semaphore);
        keys.optional("amount", i.update.amount, affine(1));
    }
};

template <>
struct text_form<wait<affine>> {
    static constexpr std::string_view mnemonic = "wait";
    static void operands(auto& i, auto& keys) {
        keys.required("semaphore", i.semaphore, operand_kind::semaphore);
        keys.optional("amount", i.amount, affine(1));
    }
};

template <>
struct text_form<copy<affine>> {
    static constexpr std::string_view mnemonic = "copy";
    static void operands(auto& i, auto& keys) {
        keys.required("source", i.source, operand_kind::address);
        keys.required("destination", i.destination, operand_kind::address);
        shape_operands(i.shape, keys);
    }
};

/// Keys of the table that gather and scatter_add have in common.
void table_operands(auto& table, auto& keys) {
    const lookup_table<affine> defaults;
    keys.required("table", table.address, operand_kind::address);
    keys.required("table_rows", table.rows);
    keys.optional("granules", table.granules, defaults.granules);
    keys.optional("granule_bytes", table.granule_bytes, defaults.granule_bytes);
}

template <>
struct text_form<gather<affine>> {
    static constexpr std::string_view mnemonic = "gather";
    static void operands(auto& i, auto& keys) {
        keys.required("destination", i.destination, operand_kind::address);
        table_operands(i.table, keys);
        keys.required("indices", i.indices, operand_kind::address);
        keys.required("elements", i.elements);
    }
};

template <>
struct text_form<scatter_add<affine>> {
    static constexpr std::string_view mnemonic = "scatter_add";
    static void operands(auto& i, auto& keys) {
        table_operands(i.table, keys);
        keys.required("table_type", i.table_type);
        keys.required("indices", i.indices, operand_kind::address);
        keys.required("source", i.source, operand_kind::address);
        keys.required("source_type", i.source_type);
        keys.required("elements", i.elements);
    }
};

template <>
struct text_form<transpose<affine>> {
    static constexpr std::string_view mnemonic = "transpose";
    static void operands(auto& i, auto& keys) {
        keys.required("destination", i.destination, operand_kind::address);
        keys.required("source", i.source, operand_kind::address);
        keys.required("type", i.type);
        keys.required("rows", i.rows);
        keys.required("columns", i.columns);
        keys.optional("source_stride", i.source_stride, std::int64_t{0});
        keys.optional("destination_stride", i.destination_stride, std::int64_t{0});
    }
};

template <>
struct text_form<reduce<affine>> {
    static constexpr std::string_view mnemonic = "reduce";
    static void operands(auto& i, auto& keys) {
        keys.required("operation", i.operation);
        keys.required("destination", i.destination, operand_kind::address);
        keys.required("destination_type", i.destination_type);
        keys.required("source", i.source, operand_kind::address);
        keys.required("source_type", i.source_type);
        keys.required("elements", i.elements);
        keys.optional("rows", i.rows, 1U);
        keys.optional("source_stride", i.source_stride, std::int64_t{0});
    }
};

template <>
struct text_form<barrier<affine>> {
    static constexpr std::string_view mnemonic = "barrier";
    static void operands(auto& i, auto& keys) {
        keys.required("number", i.number);
        keys.required("corner", i.corner);
        keys.optional("columns", i.columns, 1U);
        keys.optional("rows", i.rows, 1U);
        keys.optional("threads", i.threads, 1U);
    }
};

/// Buffers and semaphores are declared by the same kind of keys; their names stand in front.
template <>
struct text_form<buffer> {
    static constexpr std::string_view mnemonic = "buffer";
    static void operands(auto& b, auto& keys) {
        keys.required("address", b.address);
        keys.required("bytes", b.bytes);
        keys.required("type", b.type);
        keys.optional("content", b.content, buffer_content::data);
        keys.optional("input", b.input, false);
    }
};

template <>
struct text_form<semaphore_range> {
    static constexpr std::string_view mnemonic = "semaphores";
    static void operands(auto& s, auto& keys) {
        keys.required("first", s.first);
        keys.optional("count", s.count, 1U);
        keys.optional("left", s.left, 0U);
    }
};

inline constexpr std::string_view loop_mnemonic = "loop";
inline constexpr std::string_view list_mnemonic = "list";

/// Whether an alternative of `instruction` is one with operands, not the begin or end of a block.
template <typename Instruction>
inline constexpr bool has_operands = requires {
    text_form<Instruction>::mnemonic;
};

/// Visits the text_form of every instruction with operands: action.template operator()<Instruction>().
template <std::size_t Index = 0, typename Action>
void for_each_instruction(Action&& action) {
    if constexpr (Index < std::variant_size_v<instruction>) {
        using alternative = std::variant_alternative_t<Index, instruction>;
        if constexpr (has_operands<alternative>) action.template operator()<alternative>();
        for_each_instruction<Index + 1>(action);
    }
}

}  // namespace d1::program::detail
