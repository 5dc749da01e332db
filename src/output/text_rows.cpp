// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/text_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "output/escape.h"
#include "output/quantity.h"

namespace tally {

namespace {

/// What distinguishes two things with one name, the best first.
struct Distinction {
    const char* field;
    std::size_t most;  ///< enough characters of it for people
};
constexpr Distinction kDistinctions[] = {
    {"container_id", 12},
    {"cgroup", std::string::npos},
    {"cgroup_id", std::string::npos},
};

std::string text_of(const RowName& row, const Distinction& distinction) {
    for (const Field& field : row.key) {
        if (field.name != distinction.field) {
            continue;
        }
        if (const auto* text = std::get_if<std::string>(&field.value)) {
            return text->substr(0, distinction.most);
        }
        if (const auto* number = std::get_if<std::uint64_t>(&field.value)) {
            return std::to_string(*number);
        }
    }
    return "";
}

/// Which of `rows` are the same thing: rows with one identity may differ only in other key fields.
std::vector<std::string> identity_of(const RowName& row) {
    std::vector<std::string> identity;
    for (const Distinction& distinction : kDistinctions) {
        identity.push_back(text_of(row, {distinction.field, std::string::npos}));
    }
    return identity;
}

/// The column with the names that are to be distinguished.
std::size_t column_of_identity(const std::vector<std::string>& headings) {
    const auto found = std::find(headings.begin(), headings.end(), "CONTAINER");
    return found == headings.end() ? 0 : static_cast<std::size_t>(found - headings.begin());
}

/// Extends the labels of rows that share a name, but are different things, by a distinction.
void distinguish(const std::vector<TextRow*>& namesakes, std::size_t column,
                 const TextOptions& options) {
    std::set<std::vector<std::string>> identities;
    for (const TextRow* each : namesakes) {
        identities.insert(identity_of(*each->name));
    }
    if (identities.size() < 2) {
        return;
    }
    for (const Distinction& distinction : kDistinctions) {
        std::set<std::string> texts;
        for (const TextRow* each : namesakes) {
            texts.insert(text_of(*each->name, distinction));
        }
        if (texts.size() < identities.size()) {
            continue;  // does not distinguish all of them
        }
        for (TextRow* each : namesakes) {
            const std::string text = text_of(*each->name, distinction);
            if (!text.empty()) {
                each->labels[column] += fmt::format(" ({})", safe_text(text, options));
            }
        }
        return;
    }
}

void distinguish_namesakes(std::vector<TextRow>& rows, const std::vector<std::string>& headings,
                           const TextOptions& options) {
    if (headings.empty()) {
        return;
    }
    const std::size_t column = column_of_identity(headings);
    std::map<std::string, std::vector<TextRow*>> by_name;
    for (TextRow& row : rows) {
        by_name[row.labels[column]].push_back(&row);
    }
    for (const auto& [name, namesakes] : by_name) {
        if (namesakes.size() > 1) {
            distinguish(namesakes, column, options);
        }
    }
}

std::string text_of(const Label& label, const TextOptions& options) {
    if (const auto* quantity = std::get_if<Quantity>(&label)) {
        return format_quantity(quantity->unit, quantity->value);
    }
    return safe_text(std::get<std::string>(label), options);
}

TextRow make_row(const RowName& name, std::size_t columns, const TextOptions& options) {
    TextRow made;
    made.name = &name;
    for (std::size_t column = 0; column < columns; ++column) {
        std::string label =
            column < name.labels.size() ? text_of(name.labels[column], options) : "";
        made.labels.push_back(label.empty() ? "-" : std::move(label));
    }
    return made;
}

TextRow make_row(const HistogramRow& row, std::size_t columns, const TextOptions& options) {
    TextRow made = make_row(static_cast<const RowName&>(row), columns, options);
    made.row = &row;
    made.p50 = row.histogram.percentile(50).value_or(0);
    made.p90 = row.histogram.percentile(90).value_or(0);
    made.p99 = row.histogram.percentile(99).value_or(0);
    made.p99_9 = row.histogram.percentile(99.9).value_or(0);
    made.max = row.histogram.max().value_or(0);
    return made;
}

TextRow make_row(const CountsRow& row, std::size_t columns, const TextOptions& options) {
    TextRow made = make_row(static_cast<const RowName&>(row), columns, options);
    made.counts = &row;
    return made;
}

/// The number that --min-count and LeftOut::values refer to.
std::uint64_t count_of(const HistogramRow& row) {
    return row.histogram.count();
}
std::uint64_t count_of(const CountsRow& row) {
    return row.values.front();
}

/// Something in flight for longer than p99 is worse than p99 suggests: a thread that gets no CPU at
/// all is in no percentile.
std::vector<std::uint64_t> badness(const TextRow& row) {
    if (row.counts != nullptr) {
        return row.counts->values;
    }
    const std::uint64_t oldest = row.row->in_flight ? row.row->in_flight->oldest_ns : 0;
    return {std::max(row.p99, oldest), row.max, row.histogram().count()};
}

bool is_worse(const TextRow& left, const TextRow& right) {
    if (left.name->waits_by_nature != right.name->waits_by_nature) {
        return right.name->waits_by_nature;
    }
    const auto left_badness = badness(left);
    const auto right_badness = badness(right);
    // Rows of equal rank must not change places from one picture to the next.
    return left_badness != right_badness ? left_badness > right_badness
                                         : left.labels < right.labels;
}

void count_left_out(LeftOut& left_out, const HistogramRow& row) {
    left_out.keys += 1;
    left_out.values += row.histogram.count();
    if (row.in_flight && row.in_flight->count != 0) {
        const std::uint64_t before = left_out.in_flight.count;
        if (row.in_flight->oldest_ns >= left_out.in_flight.oldest_ns) {
            left_out.in_flight = *row.in_flight;
        }
        left_out.in_flight.count = before + row.in_flight->count;
    }
}

void count_left_out(LeftOut& left_out, const CountsRow& row) {
    left_out.keys += 1;
    left_out.values += count_of(row);
}

template <typename SomeReport>
TextRows choose(const SomeReport& report, const TextOptions& options) {
    TextRows chosen;
    for (const auto& row : report.rows) {
        if (count_of(row) < options.min_count) {
            count_left_out(chosen.below_min_count, row);
        } else {
            chosen.rows.push_back(make_row(row, report.headings.size(), options));
        }
    }
    distinguish_namesakes(chosen.rows, report.headings, options);
    std::sort(chosen.rows.begin(), chosen.rows.end(), is_worse);

    const std::size_t most = options.top.value_or(0);
    while (most != 0 && chosen.rows.size() > most) {
        const TextRow& last = chosen.rows.back();
        last.row != nullptr ? count_left_out(chosen.beyond_top, *last.row)
                            : count_left_out(chosen.beyond_top, *last.counts);
        chosen.rows.pop_back();
    }
    for (const std::string& heading : report.headings) {
        chosen.headings.push_back(safe_text(heading, options));
    }
    return chosen;
}

}  // namespace

std::string safe_text(std::string_view bytes, const TextOptions& options) {
    return options.unicode ? escape_text(bytes) : escape_ascii(bytes);
}

TextRows choose_rows(const HistogramReport& report, const TextOptions& options) {
    return choose(report, options);
}

TextRows choose_rows(const CountsReport& report, const TextOptions& options) {
    return choose(report, options);
}

}  // namespace tally
