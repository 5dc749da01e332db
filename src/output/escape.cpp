// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/escape.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "output/code_point_set.h"
#include "output/utf8.h"

namespace tally {

namespace {

// Characters beyond ASCII that are invisible, or that change how others are shown.
constexpr CodePointRange kInvisible[] = {
    {0x0080, 0x009f},    // C1 control characters
    {0x00ad, 0x00ad},    // soft hyphen
    {0x034f, 0x034f},    // combining grapheme joiner
    {0x061c, 0x061c},    // Arabic letter mark
    {0x115f, 0x1160},    // Hangul fillers
    {0x17b4, 0x17b5},    // Khmer inherent vowels
    {0x180b, 0x180f},    // Mongolian variation selectors and vowel separator
    {0x200b, 0x200f},    // zero width; left-to-right and right-to-left mark
    {0x2028, 0x202e},    // line and paragraph separator; embeddings and overrides
    {0x2060, 0x206f},    // word joiner, invisible operators, isolates, deprecated format characters
    {0x3164, 0x3164},    // Hangul filler
    {0xfdd0, 0xfdef},    // noncharacters
    {0xfe00, 0xfe0f},    // variation selectors
    {0xfeff, 0xfeff},    // zero width no-break space, the byte order mark
    {0xffa0, 0xffa0},    // halfwidth Hangul filler
    {0xfff0, 0xfffb},    // specials: interlinear annotation
    {0x13430, 0x1343f},  // Egyptian hieroglyph format controls
    {0x1bca0, 0x1bca3},  // shorthand format controls
    {0x1d173, 0x1d17a},  // musical format controls
    {0xe0000, 0xe0fff},  // tags, variation selectors
};

bool is_visible(char32_t value) {
    if (value < 0x80) {
        return value >= 0x20 && value != 0x7f;
    }
    const bool noncharacter = (value & 0xfffe) == 0xfffe;  // the last two of each plane
    return !noncharacter && !contains(kInvisible, value);
}

void append_escaped(std::string& result, char32_t value) {
    const auto number = static_cast<std::uint32_t>(value);
    if (number < 0x80) {
        fmt::format_to(std::back_inserter(result), "\\x{:02x}", number);
    } else if (number <= 0xffff) {
        fmt::format_to(std::back_inserter(result), "\\u{:04x}", number);
    } else {
        fmt::format_to(std::back_inserter(result), "\\U{:08x}", number);
    }
}

void append_invalid_byte(std::string& result, char32_t byte) {
    fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<std::uint32_t>(byte));
}

std::string escape(std::string_view bytes, bool ascii_only) {
    std::string result;
    result.reserve(bytes.size());
    while (!bytes.empty()) {
        const CodePoint next = first_code_point(bytes);
        if (!next.valid) {
            append_invalid_byte(result, next.value);
        } else if (next.value == '\\') {
            result += "\\\\";
        } else if (!is_visible(next.value) || (ascii_only && next.value >= 0x80)) {
            append_escaped(result, next.value);
        } else {
            result.append(bytes.substr(0, next.length));
        }
        bytes.remove_prefix(next.length);
    }
    return result;
}

}  // namespace

std::string escape_text(std::string_view bytes) {
    return escape(bytes, false);
}

std::string escape_ascii(std::string_view bytes) {
    return escape(bytes, true);
}

std::string escape_words(const Words& words, bool ascii_only) {
    std::string all;
    bool is_first = true;
    words.each([&](std::string_view word) {
        if (!std::exchange(is_first, false)) {
            all += ' ';
        }
        const std::string text = escape(word, ascii_only);
        if (!text.empty() && text.find_first_of(" \"") == std::string::npos) {
            all += text;
            return;
        }
        all += '"';
        for (const char each : text) {
            if (each == '"') {
                all += "\\x22";
            } else {
                all += each;
            }
        }
        all += '"';
    });
    return all;
}

std::string to_valid_utf8(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size());
    while (!bytes.empty()) {
        const CodePoint next = first_code_point(bytes);
        if (next.valid) {
            result.append(bytes.substr(0, next.length));
        } else {
            append_invalid_byte(result, next.value);
        }
        bytes.remove_prefix(next.length);
    }
    return result;
}

std::string json_string(std::string_view bytes) {
    const std::string text = to_valid_utf8(bytes);
    std::string_view rest = text;
    std::string result = "\"";
    result.reserve(text.size() + 2);
    const auto append_unit = [&result](std::uint32_t unit) {
        fmt::format_to(std::back_inserter(result), "\\u{:04x}", unit);
    };
    while (!rest.empty()) {
        const CodePoint next = first_code_point(rest);
        if (next.value == '"' || next.value == '\\') {
            result += '\\';
            result += static_cast<char>(next.value);
        } else if (is_visible(next.value)) {
            result.append(rest.substr(0, next.length));
        } else if (next.value <= 0xffff) {
            append_unit(next.value);
        } else {  // JSON names a character above U+FFFF by its two UTF-16 surrogates
            const std::uint32_t offset = next.value - 0x10000;
            append_unit(0xd800 + (offset >> 10));
            append_unit(0xdc00 + (offset & 0x3ff));
        }
        rest.remove_prefix(next.length);
    }
    result += '"';
    return result;
}

}  // namespace tally
