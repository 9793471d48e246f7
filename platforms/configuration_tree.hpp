#pragma once
// A tree of described parameter structs as a flat list: one entry a parameter, and one a group, in the order of
// declaration. What reads, writes and checks parameters works on this list and knows none of the structs.

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/parameter/parameter.hpp"

namespace d1::parameter {

/// The value of any parameter: a switch, a count, a real number, a name (of an enum), a list of places, a list of links
/// or the name of a file.
using value =
    std::variant<bool, std::uint64_t, double, std::string, std::vector<coordinate>, std::vector<place_pair>, file_name>;

/// What an entry holds. All but `group` are leaves, with the alternative of `value` in the same order.
enum class value_kind : std::uint8_t { flag, count, real, name, places, links, file, group };

/// A parameter, or a group of them, inside an object that must outlive the entry.
struct entry {
    std::string path;                         ///< as in die.noc.columns
    description about;                        ///< its block's words about it
    value_kind kind = value_kind::group;      //
    std::uint64_t type_maximum = 0;           ///< greatest count that the member can hold
    std::vector<std::string> names{};         ///< what a name may be
    std::function<value()> get{};             ///< the present value of a leaf
    std::function<void(const value&)> put{};  ///< a new one: of the leaf's kind, and allowed(*this, value)

    [[nodiscard]] bool is_group() const noexcept { return kind == value_kind::group; }
};

/// Whether a struct's descriptions are those of its members, in their order.
template <class Struct>
consteval bool is_described_in_order() {
    using members = boost::describe::describe_members<Struct, boost::describe::mod_public>;
    const auto rows = describe_parameters(static_cast<const Struct*>(nullptr));
    if (rows.size() != boost::mp11::mp_size<members>::value) return false;
    bool same = true;
    std::size_t row = 0;
    boost::mp11::mp_for_each<members>([&](auto member) { same = same && rows[row++].name == member.name; });
    return same;
}

namespace detail {

template <class>
inline constexpr bool is_no_parameter = false;

template <class Enum>
void bind_name(entry& leaf, Enum& member) {
    leaf.kind = value_kind::name;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
        [&](auto enumerator) { leaf.names.emplace_back(enumerator.name); });
    leaf.get = [&member]() -> value { return std::string(boost::describe::enum_to_string(member, "")); };
    leaf.put = [&member](const value& v) {
        boost::describe::enum_from_string(std::get<std::string>(v).c_str(), member);
    };
}

template <class Count>
void bind_count(entry& leaf, Count& member) {
    leaf.kind = value_kind::count;
    leaf.type_maximum = std::numeric_limits<Count>::max();
    leaf.get = [&member]() -> value { return std::uint64_t{member}; };
    leaf.put = [&member](const value& v) { member = static_cast<Count>(std::get<std::uint64_t>(v)); };
}

template <class Member>
void bind_whole(entry& leaf, value_kind kind, Member& member) {
    leaf.kind = kind;
    leaf.get = [&member]() -> value { return member; };
    leaf.put = [&member](const value& v) { member = std::get<Member>(v); };
}

template <class Struct>
void append_entries(std::vector<entry>& entries, Struct& object, const std::string& prefix) {
    static_assert(is_described_in_order<Struct>(), "describe_parameters must name the struct's members in their order");
    const auto rows = describe_parameters(static_cast<const Struct*>(nullptr));
    std::size_t row = 0;
    using members = boost::describe::describe_members<Struct, boost::describe::mod_public>;
    boost::mp11::mp_for_each<members>([&](auto descriptor) {
        auto& member = object.*descriptor.pointer;
        using type = std::remove_reference_t<decltype(member)>;
        const description& about = rows[row++];
        entry& added = entries.emplace_back(entry{.path = prefix + std::string(about.name), .about = about});
        if constexpr (std::is_same_v<type, bool>) {
            bind_whole(added, value_kind::flag, member);
        } else if constexpr (std::is_unsigned_v<type>) {
            bind_count(added, member);
        } else if constexpr (std::is_same_v<type, double>) {
            bind_whole(added, value_kind::real, member);
        } else if constexpr (std::is_enum_v<type>) {
            bind_name(added, member);
        } else if constexpr (std::is_same_v<type, std::vector<coordinate>>) {
            bind_whole(added, value_kind::places, member);
        } else if constexpr (std::is_same_v<type, std::vector<place_pair>>) {
            bind_whole(added, value_kind::links, member);
        } else if constexpr (std::is_same_v<type, file_name>) {
            bind_whole(added, value_kind::file, member);
        } else if constexpr (boost::describe::has_describe_members<type>::value) {
            append_entries(entries, member, std::string(added.path) + '.');
        } else {
            static_assert(is_no_parameter<type>, "no parameter can have this type");
        }
    });
}

}  // namespace detail

/// The entries of `object`, a group before its members. They refer to `object`.
template <class Struct>
[[nodiscard]] std::vector<entry> list_entries(Struct& object) {
    std::vector<entry> entries;
    detail::append_entries(entries, object, "");
    return entries;
}

/// Calls visit(path, value) for every parameter of `object`, in the order of declaration.
template <class Struct, class Visitor>
void visit_leaves(const Struct& object, Visitor&& visit) {
    Struct copy = object;
    for (const entry& e : list_entries(copy))
        if (!e.is_group()) visit(e.path, e.get());
}

/// Whether a value of the entry's kind is one that it may have.
[[nodiscard]] bool allowed(const entry& leaf, const value& v);

/// What a value may be, as in "a whole number from 1 to 64 nodes".
[[nodiscard]] std::string allowed_text(const entry& leaf);

/// The range and unit of an entry as "1 to 64 nodes", or what a switch or name may be; empty if it has neither.
[[nodiscard]] std::string range_text(const entry& leaf);

/// A value as it is written in YAML and after --set.
[[nodiscard]] std::string format(const value& v);
[[nodiscard]] std::string format(coordinate place);
[[nodiscard]] std::string format(const place_pair& link);

/// The entry of that path, or null.
[[nodiscard]] const entry* find_entry(const std::vector<entry>& entries, std::string_view path);

/// The path of the entry that looks most like `path`, which is no entry's; empty if there are no entries. A name that
/// is right in the wrong group counts as near.
[[nodiscard]] std::string nearest_path(const std::vector<entry>& entries, std::string_view path);

/// A text from outside, made fit for a message: one line of printable ASCII, cut when long.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace d1::parameter
