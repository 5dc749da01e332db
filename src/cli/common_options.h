// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Options that several commands have, and numbers as all options take them.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/parser.h"
#include "output/format.h"
#include "session/request.h"

namespace tally {

inline constexpr const char* kScripts = "Scripting and troubleshooting";  ///< a group of options

inline constexpr double kShortest = 0.001;  ///< seconds
inline constexpr double kLongest = 1e8;     ///< seconds, three years: what a timer takes

/// The whole text as a number; none if it is not one, or too large.
template <typename Number>
std::optional<Number> number_of(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

/// Accepts numbers from `least` to `most`. `what`: "a number of seconds".
template <typename Number>
ValueCheck number(Number least, Number most, std::string what) {
    return [=](const std::string& text) -> std::string {
        const std::optional<Number> value = number_of<Number>(text);
        if (value && *value >= least && *value <= most) {
            return "";
        }
        return fmt::format("'{}' is not {} from {} to {}", text, what, least, most);
    };
}

/// An option whose value is such a number. `value` is a Number, or an optional one.
template <typename Number, typename Value>
Parser::Option add_number(Parser& parser, const OptionText& text, Number least, Number most,
                          const std::string& what, Value& value) {
    return parser.add_value(text, number(least, most, what), [&value](const std::string& word) {
        value = *number_of<Number>(word);
    });
}

Parser::Option add_duration(Parser& parser, std::optional<Seconds>& duration);

void add_format(Parser& parser, Format& format, std::span<const FormatName> formats);
void add_hierarchy(Parser& parser, std::optional<std::string>& hierarchy);
void add_keep_privileges(Parser& parser, bool& keep_privileges);
void add_ready_fd(Parser& parser, std::optional<int>& ready_fd);

/// Throws UsageError if there is no such descriptor.
void check_ready_fd(const std::optional<int>& ready_fd);

}  // namespace tally
