// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "model/heading.h"
#include "output/chart.h"
#include "output/escape.h"
#include "output/fit.h"
#include "output/picture.h"
#include "output/quantity.h"

namespace tally {

namespace {

constexpr std::size_t kNarrowestName = 8;

/// A column; the heading is the first cell.
struct TableColumn {
    std::vector<std::string> cells;
    std::size_t width = 0;

    void add(std::string cell) {
        width = std::max(width, display_width(cell));
        cells.push_back(std::move(cell));
    }
};

std::vector<TableColumn> name_columns(const TextRows& rows) {
    std::vector<TableColumn> columns(rows.headings.size());
    for (std::size_t column = 0; column < columns.size(); ++column) {
        columns[column].add(rows.headings[column]);
        for (const TextRow& row : rows.rows) {
            columns[column].add(row.labels[column]);
        }
    }
    return columns;
}

std::string in_flight_cell(const std::optional<InFlight>& in_flight) {
    if (!in_flight) {
        return "-";
    }
    if (in_flight->count == 0) {
        return "0";
    }
    const std::string thread =
        in_flight->oldest_tid != 0 ? fmt::format(", {}", in_flight->oldest_tid) : "";
    return fmt::format("{} ({}{})", format_count(in_flight->count), format_oldest(*in_flight),
                       thread);
}

std::vector<TableColumn> number_columns(const TextRows& rows, Unit unit) {
    std::vector<TableColumn> columns(5);
    const char* const headings[] = {"COUNT", "P50", "P90", "P99", "MAX"};
    for (std::size_t column = 0; column < columns.size(); ++column) {
        columns[column].add(headings[column]);
    }
    for (const TextRow& row : rows.rows) {
        columns[0].add(format_count(row.histogram().count()));
        std::size_t column = 1;
        for (const std::uint64_t value : {row.p50, row.p90, row.p99, row.max}) {
            columns[column++].add(row.histogram().empty() ? "-" : format_quantity(unit, value));
        }
    }
    const bool any_in_flight =
        std::any_of(rows.rows.begin(), rows.rows.end(),
                    [](const TextRow& row) { return row.row->in_flight.has_value(); });
    if (any_in_flight) {
        TableColumn column;
        column.add("IN FLIGHT");
        for (const TextRow& row : rows.rows) {
            column.add(in_flight_cell(row.row->in_flight));
        }
        columns.push_back(std::move(column));
    }
    return columns;
}

std::vector<TableColumn> value_columns(const TextRows& rows,
                                       const std::vector<ValueColumn>& values) {
    std::vector<TableColumn> columns(values.size());
    for (std::size_t column = 0; column < columns.size(); ++column) {
        columns[column].add(heading_of(values[column].name, values[column].unit));
        for (const TextRow& row : rows.rows) {
            columns[column].add(format_quantity(values[column].unit, row.counts->values[column]));
        }
    }
    return columns;
}

/// The spark lines: one scale for all rows, so that they can be compared.
struct Distribution {
    std::vector<PowerCounts> counts;  ///< one for each row
    PowerRange range;
    std::string scale;  ///< "1.02us..16.8ms"

    std::size_t cells(std::size_t powers_each) const {
        return (range.size() + powers_each - 1) / powers_each;
    }
    std::string draw(std::size_t row, std::size_t powers_each, bool unicode) const {
        std::vector<std::uint64_t> sums(cells(powers_each));
        for (std::size_t power = range.first; power <= range.last; ++power) {
            sums[(power - range.first) / powers_each] += counts[row][power];
        }
        return spark_line(sums, unicode);
    }
};

Distribution distribution_of(const TextRows& rows, Unit unit) {
    Distribution distribution;
    PowerCounts all{};
    for (const TextRow& row : rows.rows) {
        distribution.counts.push_back(count_powers(row.histogram()));
        for (std::size_t power = 0; power < kPowers; ++power) {
            all[power] += distribution.counts.back()[power];
        }
    }
    distribution.range = used_powers(all);
    const std::size_t end = distribution.range.last + 1;
    distribution.scale =
        fmt::format("{}..{}", format_quantity(unit, power_floor(distribution.range.first)),
                    end < kPowers ? format_quantity(unit, power_floor(end)) : "");
    return distribution;
}

/// How the columns share the width of the screen.
struct Layout {
    std::size_t gap = 2;          ///< blanks between columns
    std::size_t names = 0;        ///< room for all name columns with the gaps between them
    std::size_t powers_each = 0;  ///< powers of two in one character of a spark line; 0: none
    std::size_t spark_room = 0;
};

std::size_t sum_of_widths(const std::vector<TableColumn>& columns, std::size_t gap) {
    std::size_t sum = columns.empty() ? 0 : gap * (columns.size() - 1);
    for (const TableColumn& column : columns) {
        sum += column.width;
    }
    return sum;
}

/// Without spark lines.
Layout lay_out(const std::vector<TableColumn>& names, const std::vector<TableColumn>& numbers,
               std::size_t width) {
    Layout layout;
    const std::size_t taken = sum_of_widths(numbers, 1) + 1;
    layout.gap = taken + sum_of_widths(names, 2) + numbers.size() <= width ? 2 : 1;
    const std::size_t room = width > taken ? width - taken : 0;
    layout.names = std::min(sum_of_widths(names, layout.gap), room);
    return layout;
}

/// Names are cut before spark lines are dropped, but only as long as they stay recognisable.
Layout lay_out(const std::vector<TableColumn>& names, const std::vector<TableColumn>& numbers,
               const Distribution& distribution, std::size_t width) {
    const struct {
        std::size_t gap;
        std::size_t name;  ///< for each name column, unless it needs less
    } attempts[] = {{2, 24}, {1, 16}};
    for (const auto& attempt : attempts) {
        Layout layout;
        layout.gap = attempt.gap;
        const std::size_t wanted = sum_of_widths(names, layout.gap);
        const std::size_t least =
            std::min(wanted, names.size() * attempt.name + layout.gap * names.size());
        const std::size_t gaps = layout.gap * (names.empty() ? 1 : 2);
        const std::size_t taken = sum_of_widths(numbers, layout.gap) + gaps;
        if (taken + least >= width) {
            continue;
        }
        const std::size_t room = width - taken - least;
        if (room < distribution.scale.size()) {
            continue;
        }
        layout.powers_each = 1;
        while (distribution.cells(layout.powers_each) > room) {
            layout.powers_each *= 2;
        }
        const std::size_t spark =
            std::max(distribution.cells(layout.powers_each), distribution.scale.size());
        layout.names = std::min(wanted, width - taken - spark);
        layout.spark_room = width - taken - layout.names;
        return layout;
    }
    return lay_out(names, numbers, width);
}

/// Takes from the widest until all fit.
void shrink(std::vector<TableColumn>& names, const Layout& layout) {
    while (sum_of_widths(names, layout.gap) > layout.names) {
        const auto widest = std::max_element(names.begin(), names.end(),
                                             [](const TableColumn& left, const TableColumn& right) {
                                                 return left.width < right.width;
                                             });
        if (widest == names.end() || widest->width <= kNarrowestName) {
            return;
        }
        widest->width -= 1;
    }
}

/// The heading and all rows; `distribution` may be null.
void draw_columns(Picture& picture, std::vector<TableColumn> names,
                  const std::vector<TableColumn>& numbers, const Distribution* distribution,
                  const Layout& layout, const TextRows& rows, const TextOptions& options) {
    shrink(names, layout);

    // The heading is line 0, the keys follow.
    for (std::size_t index = 0; index <= rows.rows.size(); ++index) {
        std::string line;
        const auto add = [&](const std::string& cell) {
            line.append(line.empty() ? 0 : layout.gap, ' ');
            line += cell;
        };
        for (const TableColumn& column : names) {
            add(pad_right(cut_middle(column.cells[index], column.width, options.unicode),
                          column.width));
        }
        for (const TableColumn& column : numbers) {
            add(pad_left(column.cells[index], column.width));
        }
        if (layout.powers_each == 0 || distribution == nullptr) {
            // no room for it, or nothing to show
        } else if (index == 0) {
            const std::string heading = "DISTRIBUTION " + distribution->scale;
            add(heading.size() <= layout.spark_room ? heading : distribution->scale);
        } else {
            add(distribution->draw(index - 1, layout.powers_each, options.unicode));
        }
        if (index == 0) {
            picture.head.push_back({line, Style::dim});
            continue;
        }
        const bool worst = index == 1 && rows.rows.size() > 1;
        const Style style = rows.rows[index - 1].name->waits_by_nature ? Style::dim
                            : worst                                    ? Style::bold
                                                                       : Style::plain;
        picture.keys.push_back({{line, style}});
    }
}

}  // namespace

void draw_table(Picture& picture, const TextRows& rows, const HistogramReport& report,
                std::size_t width, const TextOptions& options) {
    std::vector<TableColumn> names = name_columns(rows);
    const std::vector<TableColumn> numbers = number_columns(rows, report.unit);
    const bool any_values = std::any_of(rows.rows.begin(), rows.rows.end(), [](const TextRow& row) {
        return !row.histogram().empty();
    });
    const Distribution distribution = distribution_of(rows, report.unit);
    const Layout layout =
        any_values ? lay_out(names, numbers, distribution, width) : lay_out(names, numbers, width);
    draw_columns(picture, std::move(names), numbers, &distribution, layout, rows, options);
}

void draw_table(Picture& picture, const TextRows& rows, const CountsReport& report,
                std::size_t width, const TextOptions& options) {
    std::vector<TableColumn> names = name_columns(rows);
    const std::vector<TableColumn> numbers = value_columns(rows, report.columns);
    const Layout layout = lay_out(names, numbers, width);
    draw_columns(picture, std::move(names), numbers, nullptr, layout, rows, options);
}

}  // namespace tally
