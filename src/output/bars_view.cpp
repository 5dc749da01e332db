// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "output/chart.h"
#include "output/escape.h"
#include "output/fit.h"
#include "output/picture.h"
#include "output/quantity.h"

namespace tally {

namespace {

constexpr std::size_t kWidestBar = 40;
constexpr std::size_t kNarrowestBar = 8;

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
}

/// "container web, syscall read: 4,711 waits"
std::string heading_of(const TextRow& row, const std::vector<std::string>& headings,
                       const std::string& noun) {
    std::string names;
    for (std::size_t column = 0; column < headings.size(); ++column) {
        names += fmt::format("{}{} {}", column == 0 ? "" : ", ", lower_case(headings[column]),
                             row.labels[column]);
    }
    return fmt::format("{}{}{}", names, names.empty() ? "" : ": ",
                       format_count_of(row.histogram().count(), noun));
}

/// The edges of a power, and how many values it has.
struct BarRow {
    std::string from;
    std::string to;
    std::string count;
    std::uint64_t value = 0;
};

void add_bars(Block& block, const Histogram& histogram, Unit unit, std::size_t width,
              bool unicode) {
    const PowerCounts counts = count_powers(histogram);
    const PowerRange range = used_powers(counts);
    std::vector<BarRow> rows;
    std::uint64_t largest = 0;
    std::size_t from_width = 0;
    std::size_t to_width = 0;
    std::size_t count_width = 0;
    for (std::size_t power = range.first; power <= range.last; ++power) {
        BarRow row;
        row.from = format_quantity(unit, power_floor(power));
        row.to = power + 1 < kPowers ? format_quantity(unit, power_floor(power + 1)) : "";
        row.count = format_count(counts[power]);
        row.value = counts[power];
        largest = std::max(largest, row.value);
        from_width = std::max(from_width, row.from.size());
        to_width = std::max(to_width, row.to.size());
        count_width = std::max(count_width, row.count.size());
        rows.push_back(std::move(row));
    }
    const std::size_t before_bar = 2 + from_width + 2 + to_width + 2 + count_width + 2;
    const std::size_t room = width > before_bar ? width - before_bar : 0;
    const std::size_t bar_width = std::clamp(room, kNarrowestBar, kWidestBar);
    for (const BarRow& row : rows) {
        block.push_back(
            {fmt::format("  {:>{}}..{:<{}}  {:>{}}  {}", row.from, from_width, row.to, to_width,
                         row.count, count_width, bar(row.value, largest, bar_width, unicode)),
             Style::plain});
    }
}

/// In as many lines as necessary: none of these numbers may be cut off.
void add_numbers(Block& block, const TextRow& row, Unit unit, std::size_t width) {
    const Histogram& histogram = row.histogram();
    const std::pair<const char*, std::uint64_t> numbers[] = {
        {"p50", row.p50},     {"p90", row.p90}, {"p99", row.p99},
        {"p99.9", row.p99_9}, {"max", row.max}, {"avg", histogram.sum() / histogram.count()},
    };
    std::string line;
    for (const auto& [name, value] : numbers) {
        const std::string item = fmt::format("  {} {}", name, format_quantity(unit, value));
        if (!line.empty() && line.size() + item.size() > width) {
            block.push_back({line, Style::plain});
            line.clear();
        }
        line += item;
    }
    block.push_back({line, Style::plain});
}

}  // namespace

void draw_bars(Picture& picture, const TextRows& rows, const HistogramReport& report,
               std::size_t width, const TextOptions& options) {
    const std::string noun = safe_text(report.name, options);
    for (const TextRow& row : rows.rows) {
        Block block;
        if (!picture.keys.empty()) {
            block.push_back({});
        }
        block.push_back({heading_of(row, rows.headings, noun), Style::bold});
        if (!row.histogram().empty()) {
            add_bars(block, row.histogram(), report.unit, width, options.unicode);
            add_numbers(block, row, report.unit, width);
        }
        const auto& in_flight = row.row->in_flight;
        if (in_flight && in_flight->count != 0) {
            std::string line = "  " + format_in_flight(*in_flight);
            if (in_flight->oldest_tid != 0) {
                line += fmt::format(": thread {} ({})", in_flight->oldest_tid,
                                    safe_text(in_flight->oldest_comm, options));
            }
            block.push_back({std::move(line), Style::plain});
        }
        picture.keys.push_back(std::move(block));
    }
}

}  // namespace tally
