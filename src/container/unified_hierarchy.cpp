// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <algorithm>
#include <string_view>
#include <vector>

#include "container/containers.h"

namespace tally {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

/// The kernel writes space, tab, newline and backslash as \040 and so on (show_mountinfo).
std::string unescape_octal(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] <= '3' &&
            is_octal(text[at + 1]) && is_octal(text[at + 2]) && is_octal(text[at + 3])) {
            out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                     (text[at + 3] - '0'));
            at += 3;
        } else {
            out += text[at];
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> find_unified_hierarchy(const std::string& mountinfo) {
    for (const std::string_view line : split(mountinfo, '\n')) {
        // id, parent, device, root, mount point, options, optional fields, "-", type, ...
        const auto fields = split(line, ' ');
        if (fields.size() < 9) {
            continue;
        }
        const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
        // Another root than "/" shows a part of the tree only (a bind mount, or a cgroup namespace
        // that is not ours).
        if (dash != fields.end() && dash + 1 != fields.end() && *(dash + 1) == "cgroup2" &&
            fields[3] == "/") {
            return unescape_octal(fields[4]);
        }
    }
    return std::nullopt;
}

}  // namespace tally
