// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What docs/output.md promises of text, told a second time and not by src/output: UTF-8 by a
// decoder of its own, escapes undone by a reader of its own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz.h"

namespace tally {

/// The code points of a text; false if it is not valid UTF-8.
template <typename Visit>
bool each_code_point(std::string_view text, Visit&& visit) {
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = [&](std::size_t index) -> std::uint32_t {
            return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
        };
        const auto continues = [&](std::size_t count) {
            for (std::size_t i = 1; i <= count; ++i) {
                if (byte(at + i) < 0x80 || byte(at + i) > 0xbf) {
                    return false;
                }
            }
            return true;
        };
        // Table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences".
        const std::uint32_t first = byte(at);
        const std::uint32_t second = byte(at + 1);
        std::uint32_t value = first;
        std::size_t length = 1;
        if (first >= 0xc2 && first <= 0xdf && continues(1)) {
            value = (first & 0x1fU) << 6 | (second & 0x3fU);
            length = 2;
        } else if (first >= 0xe0 && first <= 0xef && continues(2) &&
                   (first != 0xe0 || second >= 0xa0) && (first != 0xed || second <= 0x9f)) {
            value = (first & 0x0fU) << 12 | (second & 0x3fU) << 6 | (byte(at + 2) & 0x3fU);
            length = 3;
        } else if (first >= 0xf0 && first <= 0xf4 && continues(3) &&
                   (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second <= 0x8f)) {
            value = (first & 0x07U) << 18 | (second & 0x3fU) << 12 | (byte(at + 2) & 0x3fU) << 6 |
                    (byte(at + 3) & 0x3fU);
            length = 4;
        } else if (first >= 0x80) {
            return false;
        }
        visit(value);
        at += length;
    }
    return true;
}

/// Whether a character acts on a terminal or on how others are shown.
inline bool acts(std::uint32_t value) {
    const auto between = [value](std::uint32_t first, std::uint32_t last) {
        return value >= first && value <= last;
    };
    return value < 0x20 || between(0x7f, 0x9f) || value == 0xad || value == 0x61c ||
           between(0x200b, 0x200f) || between(0x2028, 0x202e) || between(0x2060, 0x206f) ||
           value == 0xfeff || between(0xfff9, 0xfffb) || between(0x13430, 0x1343f) ||
           between(0xe0000, 0xe0fff) || (value & 0xfffeU) == 0xfffe;
}

/// Valid UTF-8, nothing in it that acts.
inline bool is_harmless(std::string_view text) {
    bool harmless = true;
    const bool valid =
        each_code_point(text, [&](std::uint32_t value) { harmless = harmless && !acts(value); });
    return valid && harmless;
}

inline void append_utf8(std::string& out, std::uint32_t value) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xc0 | value >> 6);
        put(0x80 | (value & 0x3f));
    } else if (value < 0x10000) {
        put(0xe0 | value >> 12);
        put(0x80 | (value >> 6 & 0x3f));
        put(0x80 | (value & 0x3f));
    } else {
        put(0xf0 | value >> 18);
        put(0x80 | (value >> 12 & 0x3f));
        put(0x80 | (value >> 6 & 0x3f));
        put(0x80 | (value & 0x3f));
    }
}

/// Undoes \xNN, \uNNNN, \UNNNNNNNN and \\, as the table in docs/output.md has them.
inline std::string unescaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text[0] != '\\') {
            out += text[0];
            text.remove_prefix(1);
            continue;
        }
        MUST(text.size() >= 2);
        if (text[1] == '\\') {
            out += '\\';
            text.remove_prefix(2);
            continue;
        }
        MUST(text[1] == 'x' || text[1] == 'u' || text[1] == 'U');
        const std::size_t digits = text[1] == 'x' ? 2 : text[1] == 'u' ? 4 : 8;
        MUST(text.size() >= 2 + digits);
        const std::string number(text.substr(2, digits));
        MUST(number.find_first_not_of("0123456789abcdef") == std::string::npos);
        const auto value = static_cast<std::uint32_t>(std::strtoul(number.c_str(), nullptr, 16));
        if (digits == 2) {
            out += static_cast<char>(value);
        } else {
            append_utf8(out, value);
        }
        text.remove_prefix(2 + digits);
    }
    return out;
}

/// A cell of CSV without its quotation marks (RFC 4180).
inline std::string unquoted(std::string_view cell) {
    if (!cell.starts_with('"')) {
        MUST(cell.find_first_of(",\"\n\r") == std::string_view::npos);
        return std::string(cell);
    }
    MUST(cell.size() >= 2 && cell.ends_with('"'));
    cell = cell.substr(1, cell.size() - 2);
    std::string out;
    for (std::size_t at = 0; at < cell.size(); ++at) {
        if (cell[at] == '"') {
            ++at;
            MUST(at < cell.size() && cell[at] == '"');
        }
        out += cell[at];
    }
    return out;
}

}  // namespace tally
