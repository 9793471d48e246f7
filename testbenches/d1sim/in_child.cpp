#include "testbenches/d1sim/in_child.hpp"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string_view>

#include "models/parameter/error.hpp"

namespace d1 {

namespace {

// The first character of what a child tells; the class of an input_error follows as another.
constexpr char good = '+';
constexpr char refused = '!';
constexpr char no_memory = 'm';
constexpr char failed = 'x';

std::string told(const std::function<std::string()>& work) {
    try {
        return good + work();
    } catch (const input_error& e) {
        return std::string{refused, static_cast<char>(e.kind())} + e.what();
    } catch (const std::bad_alloc&) {
        return std::string{no_memory};
    } catch (const std::exception& e) {
        return failed + std::string(e.what());
    }
}

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(to, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
}

std::string read_all(int from) {
    std::string text;
    std::array<char, 65536> some{};
    for (;;) {
        const ssize_t count = read(from, some.data(), some.size());
        if (count > 0) {
            text.append(some.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

}  // namespace

std::string in_child(const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    std::cout << std::flush;
    if (pipe(ends.data()) != 0) {
        throw std::runtime_error("no pipe to a process of its own for a run");
    }
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_all(ends[1], told(work));
        _exit(0);
    }
    close(ends[1]);
    const std::string text = child > 0 ? read_all(ends[0]) : std::string();
    close(ends[0]);
    while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    std::string rest = text.empty() ? "" : text.substr(1);
    switch (text.empty() ? failed : text.front()) {
        case good:
            return rest;
        case refused:
            throw input_error(static_cast<error_class>(rest.at(0)), rest.substr(1));
        case no_memory:
            throw std::bad_alloc();
        default:
            throw std::runtime_error(rest.empty() ? "a run in a process of its own ended without a result" : rest);
    }
}

}  // namespace d1
