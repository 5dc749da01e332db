// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Whatever a container calls itself, the terminal only gets to see it, never to obey it.
#include "output/escape.h"

#include <gtest/gtest.h>
#include <locale.h>
#include <rapidjson/document.h>
#include <wchar.h>

#include <map>
#include <random>
#include <string>

#include "output/fit.h"
#include "output/utf8.h"
#include "readable.h"

namespace tally {
namespace {

using namespace std::string_literals;

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        if (!next.valid) {
            return false;
        }
        text.remove_prefix(next.length);
    }
    return true;
}

bool has_control_bytes(std::string_view text) {
    while (!text.empty()) {
        const char32_t value = first_code_point(text).value;
        if (value < 0x20 || (value >= 0x7f && value <= 0x9f)) {
            return true;
        }
        text.remove_prefix(first_code_point(text).length);
    }
    return false;
}

TEST(Utf8, DecodesTheEndsOfEveryLength) {
    const std::map<std::string, char32_t> valid = {
        {"\0"s, 0},
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xee\x80\x80", 0xe000},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
    };
    for (const auto& [bytes, value] : valid) {
        const CodePoint decoded = first_code_point(bytes + "tail");
        EXPECT_TRUE(decoded.valid);
        EXPECT_EQ(decoded.value, value);
        EXPECT_EQ(decoded.length, bytes.size());
    }
}

TEST(Utf8, IsStrict) {
    for (const std::string bytes : {
             "\x80", "\xbf", "\xfe", "\xff", "\xf8\x88\x80\x80\x80",      // never a lead byte
             "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",  // overlong
             "\xed\xa0\x80", "\xed\xbf\xbf",                              // surrogates
             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",                      // above U+10FFFF
             "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "\xe2\x82(",    // broken off
         }) {
        const CodePoint decoded = first_code_point(bytes);
        EXPECT_FALSE(decoded.valid) << escape_text(bytes);
        EXPECT_EQ(decoded.length, 1U);
        EXPECT_EQ(decoded.value, static_cast<unsigned char>(bytes[0]));
    }
}

TEST(EscapeText, KeepsWhatPeopleCanRead) {
    for (const char* text : {"", "web", "prod/web-7d9f", "naïve", "容器", "😀", "a b", "ś"}) {
        EXPECT_EQ(escape_text(text), text);
    }
}

TEST(EscapeText, EscapesWhatActsOnATerminal) {
    const std::map<std::string, std::string> cases = {
        {"\x1b[2J", "\\x1b[2J"},
        {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
        {"\0x"s, "\\x00x"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b", "\\u009b"},      // CSI as one character
        {"\x9b", "\\x9b"},            // CSI as one byte
        {"\xe2\x80\xae", "\\u202e"},  // right-to-left override
        {"\xe2\x81\xa6", "\\u2066"},  // isolate
        {"\xd8\x9c", "\\u061c"},      // Arabic letter mark
        {"\xe2\x80\x8b", "\\u200b"},  // zero width space
        {"\xe2\x80\xa8", "\\u2028"},  // line separator
        {"\xe2\x81\xa0", "\\u2060"},  // word joiner
        {"\xc2\xad", "\\u00ad"},      // soft hyphen
        {"\xef\xbb\xbf", "\\ufeff"},  // byte order mark
        {"\xef\xbf\xb9", "\\ufff9"},  // interlinear annotation
        {"\xef\xbf\xbf", "\\uffff"},  // noncharacter
        {"\xf0\x9f\xbf\xbe", "\\U0001fffe"},
        {"\xf3\xa0\x80\x81", "\\U000e0001"},  // tag
        {"\xef\xb8\x8f", "\\ufe0f"},          // variation selector
        {"\\", "\\\\"},
        {"\\x1b", "\\\\x1b"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    };
    for (const auto& [bytes, escaped] : cases) {
        EXPECT_EQ(escape_text(bytes), escaped);
    }
}

TEST(EscapeAscii, LeavesNothingBeyondAscii) {
    // The last byte of this letter is CSI to a terminal that does not read UTF-8.
    EXPECT_EQ(escape_ascii("ś[2J"), "\\u015b[2J");
    EXPECT_EQ(escape_ascii("😀\xff"), "\\U0001f600\\xff");
}

TEST(ToValidUtf8, ChangesInvalidBytesOnly) {
    EXPECT_EQ(to_valid_utf8("a\\b\x1b\xc2\x9b ś"), "a\\b\x1b\xc2\x9b ś");
    EXPECT_EQ(to_valid_utf8("\xffz\xe2\x82"), "\\xffz\\xe2\\x82");
}

TEST(JsonString, QuotesAndEscapes) {
    EXPECT_EQ(json_string("web"), "\"web\"");
    EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json_string("\n\x1b\x7f\xc2\x9b"), "\"\\u000a\\u001b\\u007f\\u009b\"");
    EXPECT_EQ(json_string("\xff"), R"("\\xff")");
    EXPECT_EQ(json_string("\xf3\xa0\x80\x81"), R"("\udb40\udc01")");
    EXPECT_EQ(json_string("容器"), "\"容器\"");
}

TEST(DisplayWidth, CountsColumns) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("web"), 3U);
    EXPECT_EQ(display_width("naïve"), 5U);
    EXPECT_EQ(display_width("nai\xcc\x88ve"), 5U);  // combining diaeresis
    EXPECT_EQ(display_width("容器"), 4U);
    EXPECT_EQ(display_width("한글"), 4U);
    EXPECT_EQ(display_width("😀"), 2U);
    EXPECT_EQ(display_width("…▁█"), 3U);
}

/// Where terminals differ, the larger counts: never less than the C library says.
TEST(DisplayWidth, IsNoLessThanTheLibrarys) {
    const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (locale == nullptr) {
        GTEST_SKIP() << "there is no locale C.UTF-8";
    }
    const locale_t before = ::uselocale(locale);
    for (std::uint32_t value = 0x20; value <= 0x10ffff; ++value) {
        std::string text;
        append_utf8(text, value);
        if (escape_text(text) == text) {
            const int columns = ::wcwidth(static_cast<wchar_t>(value));
            EXPECT_GE(static_cast<int>(display_width(text)), columns) << std::hex << value;
        }
    }
    ::uselocale(before);
    ::freelocale(locale);
}

TEST(Fit, CutsByColumns) {
    EXPECT_EQ(cut_end("container", 9, true), "container");
    EXPECT_EQ(cut_end("container", 8, true), "contain…");
    EXPECT_EQ(cut_end("container", 8, false), "conta...");
    EXPECT_EQ(cut_middle("prod/web-1/app", 9, true), "prod…/app");
    EXPECT_EQ(cut_middle("容器容器", 5, true), "容…器");
    EXPECT_EQ(cut_end("容器容器", 4, true), "容…");
    EXPECT_EQ(cut_end("abc", 0, true), "");
    EXPECT_EQ(cut_middle("abc", 0, false), "");
    EXPECT_EQ(pad_left("容", 4), "  容");
    EXPECT_EQ(pad_right("容", 4), "容  ");
}

/// Bytes that are more often nasty than chance would have them.
std::string random_bytes(std::mt19937& random) {
    static const char* const kNasty[] = {
        "\x1b[", "\xc2\x9b", "\\",           "\\x1b", "\xe2\x80\xae",
        "\xc2",  "\xe2\x80", "\xed\xa0\x80", "u202e", "\xf3\xa0\x80\x81"};
    std::string bytes;
    const std::size_t pieces = random() % 12;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        switch (random() % 3) {
            case 0:
                bytes += static_cast<char>(random() % 256);
                break;
            case 1:
                bytes += static_cast<char>(' ' + random() % 95);
                break;
            default:
                bytes += kNasty[random() % std::size(kNasty)];
        }
    }
    return bytes;
}

TEST(EscapeText, HoldsForRandomBytes) {
    std::mt19937 random(4711);
    std::map<std::string, std::string> escaped_from;
    for (int round = 0; round < 200'000; ++round) {
        const std::string bytes = random_bytes(random);
        const std::string escaped = escape_text(bytes);
        ASSERT_TRUE(is_valid_utf8(escaped));
        ASSERT_FALSE(has_control_bytes(escaped)) << escaped;
        const auto [earlier, is_new] = escaped_from.emplace(escaped, bytes);
        ASSERT_EQ(earlier->second, bytes) << "two inputs give " << escaped;
        for (const char byte : escape_ascii(bytes)) {
            ASSERT_TRUE(byte >= ' ' && byte <= '~');
        }
    }
}

TEST(JsonString, HoldsForRandomBytes) {
    std::mt19937 random(4712);
    for (int round = 0; round < 50'000; ++round) {
        const std::string bytes = random_bytes(random);
        const std::string quoted = json_string(bytes);
        ASSERT_FALSE(has_control_bytes(quoted));
        rapidjson::Document parsed;
        parsed.Parse<rapidjson::kParseValidateEncodingFlag>(quoted.data(), quoted.size());
        ASSERT_FALSE(parsed.HasParseError()) << quoted;
        ASSERT_EQ(std::string(parsed.GetString(), parsed.GetStringLength()), to_valid_utf8(bytes));
    }
}

TEST(Fit, HoldsForRandomText) {
    std::mt19937 random(4713);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = escape_text(random_bytes(random)) + (round % 2 ? "容器e\xcc\x81" : "");
        const std::size_t width = random() % 20;
        for (const bool unicode : {true, false}) {
            ASSERT_LE(display_width(cut_end(text, width, unicode)), width);
            ASSERT_LE(display_width(cut_middle(text, width, unicode)), width);
            ASSERT_TRUE(is_valid_utf8(cut_middle(text, width, unicode)));
        }
    }
}

}  // namespace
}  // namespace tally
