#include "platforms/configuration_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace d1::parameter {
namespace {

// Where a text comes from, and how a place in it is named.
struct text_source {
    std::string name;
    bool has_lines = true;

    [[nodiscard]] std::string at_line(long long line) const {
        return has_lines && line > 0 ? name + ':' + std::to_string(line) : name;
    }
    [[nodiscard]] std::string at(const YAML::Mark& mark) const {
        return at_line(static_cast<long long>(mark.line) + 1);
    }
};

[[noreturn]] void fail(const std::string& where, const std::string& what) {
    throw input_error(error_class::configuration, where + ": " + what);
}

// yaml-cpp takes bytes that no text has, and its words about tabs are not clear.
void check_characters(std::string_view text, const text_source& source) {
    if (text.size() > longest_text)
        fail(source.name, "longer than " + std::to_string(longest_text) + " bytes; is this a configuration?");
    long long line = 1;
    bool is_indent = true;
    bool has_tab = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f)
            fail(source.at_line(line), "holds a control character; a configuration is a text in YAML");
        if (c == '\n') {
            ++line;
            is_indent = true;
            has_tab = false;
        } else if (c == '\t' && is_indent) {
            has_tab = true;
        } else if (c != ' ' && c != '\r' && is_indent) {
            if (has_tab && c != '#') fail(source.at_line(line), "indented with a tab; YAML wants spaces");
            is_indent = false;
        }
    }
}

// Looks at a text before it becomes nodes. From a stray "," yaml-cpp makes documents without end, aliases can make
// nodes that contain themselves, and depth costs it stack.
class guard final : public YAML::EventHandler {
  public:
    explicit guard(const text_source& source) : source_(source) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) fail(source_.at(mark), "stands after the end of the first YAML document; give only one");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        fail(source_.at(mark), "aliases (*name) are not taken; write the value itself");
    }
    void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& /*value*/) override {}
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        descend(mark);
    }
    void OnSequenceEnd() override { --depth_; }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        descend(mark);
    }
    void OnMapEnd() override { --depth_; }

  private:
    void descend(const YAML::Mark& mark) {
        constexpr int deepest = 32;
        if (++depth_ > deepest) fail(source_.at(mark), "lists or maps are nested too deeply here");
    }

    const text_source& source_;
    int documents_ = 0;
    int depth_ = 0;
};

YAML::Node parse(const std::string& text, const text_source& source) {
    check_characters(text, source);
    try {
        std::istringstream in(text);
        YAML::Parser parser(in);
        guard watch(source);
        while (parser.HandleNextDocument(watch)) {
        }
        return YAML::Load(text);
    } catch (const YAML::Exception& error) {
        fail(source.at(error.mark), "not valid YAML: " + parameter::quoted(error.msg));
    }
}

std::string shown(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return node.Tag() == "!" ? '"' + parameter::quoted(node.Scalar()) + '"' : parameter::quoted(node.Scalar());
        case YAML::NodeType::Sequence:
            return "a list";
        case YAML::NodeType::Map:
            return "a map";
        case YAML::NodeType::Null:
        case YAML::NodeType::Undefined:
            break;
    }
    return "nothing";
}

// Plain decimal digits; YAML's octal 010 and the like would be read differently by different people.
template <class Number>
std::optional<Number> parse_number(const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    if (text.size() > 1 && text[0] == '0' && std::isdigit(static_cast<unsigned char>(text[1])) != 0)
        return std::nullopt;
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
    return number;
}

template <class Number>
std::optional<Number> parse_number(const YAML::Node& node) {
    const bool is_plain = node.IsScalar() && node.Tag() == "?";
    return is_plain ? parse_number<Number>(node.Scalar()) : std::nullopt;
}

std::optional<bool> parse_flag(const YAML::Node& node) {
    if (!node.IsScalar() || node.Tag() != "?") return std::nullopt;
    if (node.Scalar() == "true" || node.Scalar() == "on") return true;
    if (node.Scalar() == "false" || node.Scalar() == "off") return false;
    return std::nullopt;
}

std::optional<coordinate> parse_place(const YAML::Node& node) {
    if (!node.IsSequence() || node.size() != 2) return std::nullopt;
    const auto x = parse_number<std::int32_t>(node[0]);
    const auto y = parse_number<std::int32_t>(node[1]);
    if (!x || !y || *x < 0 || *y < 0) return std::nullopt;
    return coordinate{*x, *y};
}

std::optional<place_pair> parse_link(const YAML::Node& node) {
    if (!node.IsSequence() || node.size() != 2) return std::nullopt;
    const auto a = parse_place(node[0]);
    const auto b = parse_place(node[1]);
    return a && b ? std::optional(place_pair{*a, *b}) : std::nullopt;
}

// Goes through one text and sets entries; lives for that text only.
class reader {
  public:
    reader(const std::vector<entry>& entries, text_source source, origins& set_by)
        : entries_(entries), source_(std::move(source)), set_by_(set_by) {}

    // The members of a map, whose own path is `prefix` without the dot.
    void read_members(const YAML::Node& map, const std::string& prefix) {
        std::set<std::string> keys;
        for (const auto& pair : map) {
            const YAML::Node& key = pair.first;
            if (!key.IsScalar()) fail(source_.at(key.Mark()), "a key must be a name, not " + shown(key));
            const std::string path = prefix + key.Scalar();
            if (!keys.insert(key.Scalar()).second) fail_twice(path, key.Mark());
            read(path, pair.second, key.Mark());
        }
    }

    // What stands after `path`.
    void read(const std::string& path, const YAML::Node& node, const YAML::Mark& mark) {
        const std::string where = source_.at(mark);
        const entry& found = find(path, where);
        if (const std::string& tag = node.Tag(); !tag.empty() && tag != "?" && tag != "!")
            fail(where, path + ": the tag " + parameter::quoted(tag) + " means nothing here; leave it out");
        if (!found.is_group()) {
            set(found, node, mark);
        } else if (node.IsMap() && node.size() > 0) {
            read_members(node, path + '.');
        } else {
            fail(where,
                 path + " = " + shown(node) + ": this is a group; it must be a map with some of " + members_of(path));
        }
    }

    // The names of the entries right below a path; of the uppermost ones for an empty path.
    [[nodiscard]] std::string members_of(const std::string& path) const {
        const std::string prefix = path.empty() ? path : path + '.';
        std::string text;
        for (const entry& e : entries_)
            if (e.path.starts_with(prefix) && e.path.find('.', prefix.size()) == std::string::npos)
                text += (text.empty() ? "" : ", ") + std::string(e.about.name);
        return text;
    }

  private:
    const entry& find(const std::string& path, const std::string& where) const {
        if (const entry* found = find_entry(entries_, path)) return *found;
        if (path.find('[') != std::string::npos)
            fail(where, parameter::quoted(path) +
                            ": a path has no index: what is set for a group holds for all nodes; leave out the "
                            "brackets and what is in them");
        fail(where,
             "no parameter is called " + parameter::quoted(path) + "; the nearest is " + nearest_path(entries_, path));
    }

    void set(const entry& leaf, const YAML::Node& node, const YAML::Mark& mark) {
        const std::string where = source_.at(mark);
        if (leaf.kind == value_kind::places && node.IsSequence())
            check_list(leaf, node, where, parse_place, "a place [x, y] of two whole numbers from 0");
        if (leaf.kind == value_kind::links && node.IsSequence())
            check_list(leaf, node, where, parse_link, "a link [[x, y], [x, y]] of two places");
        const std::optional<value> v = parse_value(leaf.kind, node);
        if (!v || !allowed(leaf, *v)) fail(where, leaf.path + " = " + shown(node) + ": must be " + allowed_text(leaf));
        if (!seen_.insert(leaf.path).second) fail_twice(leaf.path, mark);
        leaf.put(*v);
        set_by_[leaf.path] = where;
    }

    static std::optional<value> parse_value(value_kind kind, const YAML::Node& node) {
        switch (kind) {
            case value_kind::flag:
                return parse_flag(node);
            case value_kind::count:
                return parse_number<std::uint64_t>(node);
            case value_kind::real:
                return parse_number<double>(node);
            case value_kind::name:
                return node.IsScalar() ? std::optional<value>(node.Scalar()) : std::nullopt;
            case value_kind::places:
                return parse_list<coordinate>(node, parse_place);
            case value_kind::links:
                return parse_list<place_pair>(node, parse_link);
            case value_kind::file:
                return node.IsScalar() ? std::optional<value>(file_name{node.Scalar()}) : std::nullopt;
            case value_kind::group:
                break;
        }
        return std::nullopt;
    }

    template <class Item, class Parse>
    static std::optional<value> parse_list(const YAML::Node& list, Parse parse_item) {
        if (!list.IsSequence()) return std::nullopt;
        std::vector<Item> items;
        for (const YAML::Node& node : list)
            if (const std::optional<Item> item = parse_item(node)) items.push_back(*item);
        return items;
    }

    // A list may go over many lines: name the bad item, not the list.
    template <class Parse>
    void check_list(const entry& leaf, const YAML::Node& list, const std::string& where, Parse parse_item,
                    const std::string& wanted) const {
        std::size_t number = 0;
        for (const YAML::Node& item : list) {
            ++number;
            if (parse_item(item)) continue;
            const std::string content = item.IsSequence() && item.size() == 2
                                            ? '[' + shown(item[0]) + ", " + shown(item[1]) + ']'
                                            : shown(item);
            fail(item.Mark().is_null() ? where : source_.at(item.Mark()),
                 leaf.path + ", entry " + std::to_string(number) + " = " + content + ": must be " + wanted +
                     "; the whole is " + allowed_text(leaf));
        }
    }

    [[noreturn]] void fail_twice(const std::string& path, const YAML::Mark& mark) const {
        fail(source_.at(mark), parameter::quoted(path) + " is given twice");
    }

    const std::vector<entry>& entries_;
    text_source source_;
    origins& set_by_;
    std::set<std::string> seen_;
};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

void apply_file_text(const std::vector<entry>& entries, std::string_view text, const std::string& file,
                     origins& set_by) {
    const text_source source{file, true};
    const YAML::Node document = parse(std::string(text), source);
    reader into(entries, source, set_by);
    if (document.IsNull() || (document.IsMap() && document.size() == 0))
        fail(file, "holds no parameters; it may set some of " + into.members_of(""));
    if (!document.IsMap())
        fail(source.at(document.Mark()), "is " + (document.IsScalar() ? "a single value" : shown(document)) +
                                             ", but must be a map of parameters with some of " + into.members_of(""));
    into.read_members(document, "");
}

void apply_assignment(const std::vector<entry>& entries, std::string_view assignment, origins& set_by) {
    const text_source source{"--set", false};
    const auto equals = assignment.find('=');
    const std::string_view path = trimmed(assignment.substr(0, equals));
    if (equals == std::string_view::npos || path.empty())
        fail("--set " + parameter::quoted(assignment), "must be PATH=VALUE, as in die.noc.columns=18");
    const std::string_view text = trimmed(assignment.substr(equals + 1));
    reader(entries, source, set_by).read(std::string(path), parse(std::string(text), source), YAML::Mark());
}

}  // namespace d1::parameter
