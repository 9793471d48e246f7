#include "models/reporting/report_handler.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cctype>
#include <string>
#include <string_view>
#include <utility>

namespace d1::reporting {
namespace {

/// SystemC calls a plain function, so what that needs lives as long as the process.
struct handler_state {
    std::shared_ptr<spdlog::logger> logger;
    std::string thrown;  // what() of the last report that was written and thrown
};
handler_state& state() {
    static handler_state instance;
    return instance;
}

spdlog::level::level_enum level_of(const sc_core::sc_report& report) {
    switch (report.get_severity()) {
        case sc_core::SC_WARNING:
            return spdlog::level::warn;
        case sc_core::SC_ERROR:
            return spdlog::level::err;
        case sc_core::SC_FATAL:
            return spdlog::level::critical;
        default:
            break;
    }
    if (report.get_verbosity() <= sc_core::SC_MEDIUM) return spdlog::level::info;
    return report.get_verbosity() <= sc_core::SC_FULL ? spdlog::level::debug : spdlog::level::trace;
}

/// Each line break, with the blanks around it, becomes one space.
std::string on_one_line(std::string_view text) {
    std::string result;
    bool at_break = false;
    for (const char c : text) {
        const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
        at_break = c == '\n' || c == '\r' || (at_break && blank);
        if (at_break) {
            while (!result.empty() && result.back() == ' ') result.pop_back();
            if (!result.empty()) result += ' ';
        } else {
            result += c;
        }
    }
    while (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

std::string_view or_empty(const char* text) {
    return text == nullptr ? std::string_view{} : std::string_view{text};
}

std::string compose(const sc_core::sc_report& report) {
    std::string line;
    if (report.get_id() >= 0) {
        line += '(';
        line += "IWEF"[report.get_severity()];
        line += std::to_string(report.get_id()) + ") ";
    }
    line += on_one_line(or_empty(report.get_msg_type()));
    if (const std::string text = on_one_line(or_empty(report.get_msg())); !text.empty()) line += ": " + text;

    const std::string_view process = or_empty(report.get_process_name());
    if (!sc_core::sc_start_of_simulation_invoked()) return line;
    line += " (at " + report.get_time().to_string();
    if (!process.empty()) {
        line += " in ";
        line += process;
    }
    return line + ')';
}

void handle(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    constexpr sc_core::sc_actions shown = sc_core::SC_DISPLAY | sc_core::SC_LOG;
    const bool throws = (actions & sc_core::SC_THROW) != 0;
    const bool already_written = !throws && state().thrown == report.what();
    if ((actions & shown) != 0 && !already_written) {
        state().logger->log(level_of(report), compose(report));
        if (throws) state().thrown = report.what();
    }
    // The rest of the actions is SystemC's.
    sc_core::sc_report_handler::default_handler(report,
                                                actions & ~static_cast<sc_core::sc_actions>(sc_core::SC_DISPLAY));
}

}  // namespace

std::shared_ptr<spdlog::logger> make_stderr_logger() {
    // One thread at a time runs in SystemC.
    auto logger = std::make_shared<spdlog::logger>("d1", std::make_shared<spdlog::sinks::stderr_color_sink_st>());
    logger->set_pattern("%^%l%$: %v");
    logger->set_level(spdlog::level::trace);  // SystemC's verbosity is the one filter
    return logger;
}

void install_report_handler(int verbosity, std::shared_ptr<spdlog::logger> logger) {
    state() = {std::move(logger), {}};
    sc_core::sc_report_handler::set_verbosity_level(verbosity);
    sc_core::sc_report_handler::set_handler(handle);
}

}  // namespace d1::reporting
