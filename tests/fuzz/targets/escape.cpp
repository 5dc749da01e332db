// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The way of bytes from others into text, CSV and JSON. The first byte is a number of columns.
#include "output/escape.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <string>

#include "fuzz.h"
#include "output/csv_sink.h"
#include "output/fit.h"
#include "output/utf8.h"
#include "readable.h"

using namespace tally;

namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char each) { return each >= ' ' && each <= '~'; });
}

void check_text(std::string_view bytes, const std::string& text) {
    MUST(is_harmless(text));
    MUST(unescaped(text) == bytes);
    MUST(escape_text(unescaped(text)) == text);
    const std::string ascii = escape_ascii(bytes);
    MUST(is_ascii(ascii));
    MUST(unescaped(ascii) == bytes);
}

void check_json(std::string_view bytes) {
    const std::string valid = to_valid_utf8(bytes);
    const bool was_valid = each_code_point(bytes, [](std::uint32_t) {});
    MUST(each_code_point(valid, [](std::uint32_t) {}));
    MUST(!was_valid || valid == bytes);
    MUST(was_valid || valid.size() > bytes.size());
    const std::string json = json_string(bytes);
    MUST(is_harmless(json));
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(json.data(), json.size());
    MUST(!document.HasParseError() && document.IsString());
    MUST(std::string_view(document.GetString(), document.GetStringLength()) == valid);
}

void check_csv(std::string_view bytes) {
    const std::string cell = csv_text(bytes);
    MUST(is_harmless(cell));
    MUST(!cell.empty());  // that would be null
    const std::string text = unquoted(cell);
    MUST(unescaped(text) == bytes);
    MUST(text.empty() || std::string_view("=+-@").find(text[0]) == std::string_view::npos);
    for (const std::string_view formula : {"\uff1d", "\uff0b", "\uff0d", "\uff20"}) {
        MUST(!text.starts_with(formula));
    }
}

/// `text` is safe.
void check_columns(const std::string& text, std::size_t width) {
    std::size_t sum = 0;
    std::string_view rest = text;
    while (!rest.empty()) {
        const CodePoint next = first_code_point(rest);
        MUST(next.valid && next.length <= rest.size());
        const std::size_t columns = display_width(rest.substr(0, next.length));
        MUST(columns <= 2);
        MUST(next.value >= 0x80 || columns == 1);
        sum += columns;
        rest.remove_prefix(next.length);
    }
    MUST(display_width(text) == sum);
    for (const bool unicode : {true, false}) {
        for (const std::string& cut :
             {cut_end(text, width, unicode), cut_middle(text, width, unicode)}) {
            MUST(display_width(cut) <= width);
            MUST(is_harmless(cut));
            MUST(sum > width || cut == text);
        }
    }
    for (const std::string& padded : {pad_left(text, width), pad_right(text, width)}) {
        MUST(display_width(padded) == std::max(width, sum));
    }
}

}  // namespace

FUZZ_TARGET(escape) {
    if (bytes.empty()) {
        return;
    }
    const std::size_t width = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    const std::string text = escape_text(bytes);
    check_text(bytes, text);
    check_json(bytes);
    check_csv(bytes);
    check_columns(text, width);
}
