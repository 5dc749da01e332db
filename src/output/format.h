// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tally {

enum class Format { text, json, csv };

/// A format and its name for -o.
struct FormatName {
    Format format = Format::text;
    std::string_view word;
    std::string_view meaning;  ///< for the help; empty if the name is clear
};
inline constexpr std::array kFormats{
    FormatName{Format::text, "text", ""},
    FormatName{Format::json, "json", "one object for each line"},
    FormatName{Format::csv, "csv", "one heading"},
};

/// The formats of a listing (tally containers).
inline constexpr std::array kListingFormats{kFormats[0], kFormats[1]};

/// The form of a histogram in text.
enum class View {
    bars,   ///< one diagram for each key
    table,  ///< one line for each key, worst first
};

/// Options that apply only to text.
struct TextOptions {
    std::optional<View> view = std::nullopt;        ///< none: bars for up to three keys, else table
    std::optional<std::size_t> top = std::nullopt;  ///< the maximum number of keys; 0: all
    std::uint64_t min_count = 0;                    ///< leave out keys with fewer values than this
    bool terminal = false;     ///< `out` is a terminal: width and redrawing make sense
    bool colour = false;       ///< terminal and NO_COLOR is not set
    bool unicode = true;       ///< draw with block characters, else with ASCII
    bool names_tools = false;  ///< reports and events of several tools go to the same place
};

}  // namespace tally
