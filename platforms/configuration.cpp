#include "platforms/configuration.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "models/parameter/error.hpp"

namespace d1 {
namespace {

std::string read_text(const std::string& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored))
        throw input_error(error_class::file_unreadable, file + ": is a directory; give a configuration file in YAML");
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    std::string text(parameter::longest_text + 1, '\0');  // one more, so that a longer file is seen to be longer
    if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.is_open() || in.bad())
        throw input_error(error_class::file_unreadable,
                          file + ": cannot be read" + (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::size_t depth(std::string_view path) {
    return static_cast<std::size_t>(std::ranges::count(path, '.'));
}

std::string capitalised(std::string_view words) {
    std::string text(words);
    if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

boost::json::value to_json(const parameter::value& v) {
    struct converter {
        boost::json::value operator()(bool flag) const { return flag; }
        boost::json::value operator()(std::uint64_t count) const { return count; }
        boost::json::value operator()(double number) const { return number; }
        boost::json::value operator()(const std::string& name) const { return boost::json::string(name); }
        boost::json::value operator()(const std::vector<coordinate>& places) const {
            boost::json::array list;
            for (const coordinate c : places) list.push_back(boost::json::array{c.x, c.y});
            return list;
        }
        boost::json::value operator()(const std::vector<place_pair>& links) const {
            boost::json::array list;
            for (const auto& [a, b] : links)
                list.push_back(boost::json::array{boost::json::array{a.x, a.y}, boost::json::array{b.x, b.y}});
            return list;
        }
        boost::json::value operator()(const parameter::file_name& file) const { return boost::json::string(file.path); }
    };
    return std::visit(converter{}, v);
}

boost::json::object& object_of(boost::json::object& root, std::string_view path) {
    boost::json::object* object = &root;
    for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        boost::json::value& member = (*object)[path.substr(0, dot)];
        object = member.if_object() != nullptr ? member.if_object() : &member.emplace_object();
        path.remove_prefix(dot + 1);
    }
    return *object;
}

}  // namespace

void configuration::load_file(const std::string& file) {
    load_text(read_text(file), file);
}

void configuration::load_text(std::string_view text, const std::string& name) {
    configuration draft = *this;
    parameter::apply_file_text(parameter::list_entries(draft.parameters_), text, name, draft.origins_);
    *this = std::move(draft);
}

void configuration::set(std::string_view assignment) {
    configuration draft = *this;
    parameter::apply_assignment(parameter::list_entries(draft.parameters_), assignment, draft.origins_);
    *this = std::move(draft);
}

d1_parameters configuration::value() const {
    validate(parameters_, [this](std::string_view path) { return origin(path); });
    return parameters_;
}

std::string configuration::origin(std::string_view path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? "default" : found->second;
}

void configuration::dump(std::ostream& out) const {
    dump_parameters(parameters_, out);
}

void dump_parameters(const d1_parameters& parameters, std::ostream& out) {
    out << "# Parameters of the D1 model. A file may set any part of them; see docs/configuration.md.\n"
           "# The letter before a source is the confidence in it: P read in a primary text, T from a talk or slide in\n"
           "# somebody's transcription, S secondary, D derived, R repeated everywhere but not found, A assumption of "
           "the\n"
           "# model, M modelling, no property of the hardware.\n";
    d1_parameters copy = parameters;
    bool after_group = false;
    for (const parameter::entry& e : parameter::list_entries(copy)) {
        const std::string indent(2 * depth(e.path), ' ');
        if (e.is_group()) {
            out << (after_group ? "" : "\n") << indent << "# " << capitalised(e.about.meaning) << ".\n"
                << indent << e.about.name << ":\n";
            after_group = true;
            continue;
        }
        after_group = false;
        const std::string range = range_text(e);
        out << indent << "# " << capitalised(e.about.meaning) << (range.empty() ? "" : " [" + range + "]") << ".\n"
            << indent << "# " << static_cast<char>(e.about.confidence) << ": " << e.about.source << ".\n"
            << indent << e.about.name << ": " << parameter::format(e.get()) << '\n';
    }
}

boost::json::object to_json(const d1_parameters& parameters) {
    boost::json::object root;
    parameter::visit_leaves(parameters, [&root](const std::string& path, const parameter::value& v) {
        object_of(root, path)[std::string_view(path).substr(path.rfind('.') + 1)] = to_json(v);
    });
    return root;
}

}  // namespace d1
