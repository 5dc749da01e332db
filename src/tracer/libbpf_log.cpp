// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>

namespace tally {
namespace {

std::function<void(std::string_view)> tell_line;
std::string first_warning;
std::optional<Rejection> rejection;

std::string formatted(const char* format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);
    std::string text(length > 0 ? static_cast<std::size_t>(length) : 0, '\0');
    std::vsnprintf(text.data(), text.size() + 1, format, arguments);
    return text;
}

/// Removes the next line from the text and returns it, without its newline.
std::string_view next_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return "";
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// "prog 'NAME': -- BEGIN PROG LOAD LOG --\n" LOG "-- END PROG LOAD LOG --", in one piece.
void look_for_rejection(std::string_view text) {
    const std::size_t begin = text.find("-- BEGIN PROG LOAD LOG --\n");
    if (begin == std::string_view::npos || rejection) {
        return;
    }
    const std::string_view head = text.substr(0, begin);
    const std::size_t name = head.find('\'');
    const std::size_t name_end = head.rfind('\'');
    std::string_view log = text.substr(begin);
    next_line(log);
    log = log.substr(0, log.find("-- END PROG LOAD LOG --"));
    rejection = read_verifier_log(
        name_end > name ? std::string(head.substr(name + 1, name_end - name - 1)) : "", log);
}

int take(libbpf_print_level level, const char* format, va_list arguments) {
    // The debug level has a message for every relocation.
    if (level == LIBBPF_DEBUG) {
        return 0;
    }
    const std::string all = formatted(format, arguments);
    if (tell_line) {
        for (std::string_view rest = all; !rest.empty();) {
            tell_line(next_line(rest));
        }
    }
    if (level == LIBBPF_WARN) {
        std::string_view text = trimmed(all);
        if (text.starts_with("libbpf: ")) {
            text.remove_prefix(8);
        }
        look_for_rejection(text);
        // The first warning is the cause, later ones name what failed because of it; the advice
        // about `ulimit -l` is wrong since 5.11.
        if (first_warning.empty() && text.find("ulimit") == std::string_view::npos) {
            first_warning = next_line(text);
        }
    }
    return 0;
}

}  // namespace

void capture_libbpf_log(std::function<void(std::string_view line)> tell) {
    tell_line = std::move(tell);
    first_warning.clear();
    rejection.reset();
    libbpf_set_print(take);
}

std::string first_libbpf_warning() {
    return first_warning;
}

std::optional<Rejection> verifier_rejection() {
    return rejection;
}

Rejection read_verifier_log(std::string program, std::string_view log) {
    // Source lines and instructions, then the reason, then how much was processed.
    Rejection result{std::move(program), "", ""};
    while (!log.empty()) {
        const std::string_view line = trimmed(next_line(log));
        if (line.starts_with("; ")) {
            result.source = trimmed(line.substr(2));
        } else if (line.starts_with("processed ")) {
            break;
        } else if (!line.empty()) {
            result.reason = line;
        }
    }
    return result;
}

}  // namespace tally
