#include "testbenches/d1sim/explained_layer.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/configuration_tree.hpp"
#include "testbenches/d1sim/input_file.hpp"
#include "testbenches/d1sim/step_list.hpp"

namespace d1 {

namespace {

constexpr std::size_t most_result_bytes = std::size_t{1} << 30;

/// A layer that may be meant, and how much there is of it.
struct candidate {
    std::string name;
    layer_pass pass = layer_pass::forward;
    gemm_shape product{};
    std::uint64_t size = 0;
    std::string timing{};  // empty: that of the parameters
    std::optional<convolution_shape> direct{};
};

candidate choose(std::vector<candidate> all, const explain_options& options) {
    if (options.pass) {
        std::erase_if(all, [&](const candidate& c) { return c.pass != *options.pass; });
        if (all.empty()) {
            throw input_error(error_class::option_value, "--pass: no layer of " + options.run.topology +
                                                             " has a pass " + std::string(name(*options.pass)));
        }
    }
    if (!options.layer) {
        return *std::max_element(all.begin(), all.end(),
                                 [](const candidate& a, const candidate& b) { return a.size < b.size; });
    }
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const candidate& c) { return c.name == *options.layer; });
    if (found == all.end()) {
        std::vector<parameter::entry> names;
        for (const candidate& c : all) {
            names.push_back({.path = c.name, .about = {}});
        }
        throw input_error(error_class::option_value, "--layer: '" + *options.layer + "' is no layer of " +
                                                         options.run.topology + "; the nearest is '" +
                                                         parameter::nearest_path(names, *options.layer) + "'");
    }
    return *found;
}

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
    throw input_error(error_class::table, file + ": no result of 'd1sim run': " + what +
                                              "; give a file that --json wrote, or a layer table");
}

/// Reads members of the JSON, of which nothing is sure.
class result_reader {
  public:
    explicit result_reader(const std::string& file, const std::string& text) : file_(file) {
        boost::system::error_code error;
        root_ = boost::json::parse(text, error);
        if (error) {
            refuse(file_, "it is no JSON (" + error.message() + ")");
        }
        if (!root_.is_object() || this->text(root_, "schema") != "d1sim-run/1") {
            refuse(file_, "its schema is not d1sim-run/1");
        }
    }

    [[nodiscard]] const boost::json::value& member(const boost::json::value& of, const char* key) const {
        const boost::json::value* const found = of.is_object() ? of.as_object().if_contains(key) : nullptr;
        if (found == nullptr) {
            refuse(file_, std::string("'") + key + "' is missing");
        }
        return *found;
    }
    [[nodiscard]] std::string text(const boost::json::value& of, const char* key) const {
        const boost::json::value& v = member(of, key);
        if (!v.is_string()) {
            refuse(file_, std::string("'") + key + "' is no text");
        }
        return std::string(v.as_string());
    }
    [[nodiscard]] std::uint64_t number(const boost::json::value& of, const char* key, std::uint64_t least,
                                       std::uint64_t most) const {
        const boost::json::value& v = member(of, key);
        const std::uint64_t n = v.is_uint64()                       ? v.as_uint64()
                                : v.is_int64() && v.as_int64() >= 0 ? static_cast<std::uint64_t>(v.as_int64())
                                                                    : ~std::uint64_t{0};
        if (n < least || n > most) {
            refuse(file_, std::string("'") + key + "' is no whole number from " + std::to_string(least) + " to " +
                              std::to_string(most));
        }
        return n;
    }
    [[nodiscard]] std::vector<candidate> layers() const {
        const boost::json::value& all = member(root_, "layers");
        if (!all.is_array() || all.as_array().empty()) {
            refuse(file_, "it has no layers");
        }
        std::vector<candidate> candidates;
        for (const boost::json::value& l : all.as_array()) {
            candidates.push_back(
                {text(l, "name"),
                 pass_of(l),
                 {number(l, "m", 1, max_dimension), number(l, "n", 1, max_dimension), number(l, "k", 1, max_dimension)},
                 number(l, "cycles", 0, ~std::uint64_t{0} - 1),
                 text(l, "timing"),
                 direct_of(l)});
        }
        return candidates;
    }
    [[nodiscard]] layer_pass pass_of(const boost::json::value& l) const {
        const auto pass = layer_pass_from_name(text(l, "pass"));
        if (!pass) {
            refuse(file_, "'pass' is none that layers have");
        }
        return *pass;
    }
    /// The convolution that ran without im2col, if one did.
    [[nodiscard]] std::optional<convolution_shape> direct_of(const boost::json::value& l) const {
        if (!l.as_object().contains("convolution")) {
            return std::nullopt;
        }
        const boost::json::value& c = member(l, "convolution");
        const auto extent = [&](const char* key) { return number(c, key, 1, max_dimension); };
        return convolution_shape{extent("ifmap_height"), extent("ifmap_width"), extent("filter_height"),
                                 extent("filter_width"), extent("channels"),    extent("filters"),
                                 extent("stride"),       extent("batch")};
    }
    /// Which optimizer the run had.
    [[nodiscard]] optimizer_kind optimizer() const {
        const auto kind = optimizer_kind_from_name(text(root_, "optimizer"));
        if (!kind || *kind == optimizer_kind::none) {
            refuse(file_, "'optimizer' is none that makes steps");
        }
        return *kind;
    }
    [[nodiscard]] const boost::json::value& root() const noexcept { return root_; }

  private:
    const std::string& file_;
    boost::json::value root_;
};

explained_layer layer_of_result(const std::string& content, const explain_options& options) {
    const std::string& file = options.run.topology;
    if (!options.of_tables.empty()) {
        throw input_error(error_class::option_conflict, "--" + options.of_tables.front() + " does not go with '" +
                                                            file +
                                                            "', a result: its layers run as they did; give the table");
    }
    const result_reader result(file, content);
    const candidate chosen = choose(result.layers(), options);
    configuration machine;
    machine.load_text(boost::json::serialize(result.member(result.root(), "parameters")), file + ": parameters");
    machine.set("simulation.timing=" + chosen.timing);
    kernels::gemm_types types;
    read_formats(result.text(result.root(), "format"), result.text(result.root(), "out"), types);
    const optimizer_kind optimizer = chosen.pass == layer_pass::optimizer ? result.optimizer() : optimizer_kind::none;
    return {chosen.name, chosen.pass, work_of(chosen.pass, chosen.product, types, optimizer, chosen.direct),
            machine.value()};
}

}  // namespace

explained_layer find_layer(const explain_options& options) {
    explained_layer l;
    const std::string content = read_input(options.run.topology, "the layer table or result", most_result_bytes);
    if (content.find_first_not_of(" \t\r\n") != std::string::npos &&
        content[content.find_first_not_of(" \t\r\n")] == '{') {
        l = layer_of_result(content, options);
    } else {
        std::vector<candidate> all;
        for (const layer_step& s : read_steps(options.run).steps) {
            all.push_back({s.row.name,
                           s.pass,
                           s.product(),
                           s.product().macs(),
                           {},
                           options.run.direct_convolutions ? s.row.convolution : std::nullopt});
        }
        const candidate chosen = choose(all, options);
        l = {chosen.name, chosen.pass,
             work_of(chosen.pass, chosen.product, options.run.types, options.run.optimizer, chosen.direct),
             options.run.parameters};
    }
    l.parameters.simulation.functional = false;
    return l;
}

}  // namespace d1
