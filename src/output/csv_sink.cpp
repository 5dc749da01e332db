// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/csv_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "output/escape.h"
#include "output/loss_sentences.h"
#include "output/record_members.h"

namespace tally {
namespace {

/// Characters that a spreadsheet takes for the beginning of a formula, and their escapes. (Control
/// characters, which some take for one too, are escaped everywhere.) The last four are the
/// full-width forms, which East Asian versions treat alike.
constexpr std::pair<std::string_view, std::string_view> kFormulas[] = {
    {"=", "\\x3d"},
    {"+", "\\x2b"},
    {"-", "\\x2d"},
    {"@", "\\x40"},
    {"\xef\xbc\x9d", "\\uff1d"},
    {"\xef\xbc\x8b", "\\uff0b"},
    {"\xef\xbc\x8d", "\\uff0d"},
    {"\xef\xbc\xa0", "\\uff20"},
};

/// The result of escape_text() or escape_words(), as one cell.
std::string escaped_cell(std::string text) {
    for (const auto& [begin, written] : kFormulas) {
        if (text.starts_with(begin)) {
            text.replace(0, begin.size(), written);
            break;
        }
    }
    if (!text.empty() && text.find_first_of(",\"") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char each : text) {
        quoted.append(each == '"' ? 2 : 1, each);
    }
    return quoted + "\"";
}

std::string cell(std::nullopt_t) {
    return "";
}
std::string cell(std::uint64_t value) {
    return fmt::to_string(value);
}
std::string cell(bool value) {
    return value ? "true" : "false";
}
std::string cell(double value) {
    return std::isfinite(value) ? decimal(value) : "";
}
std::string cell(std::string_view value) {
    return csv_text(value);
}
std::string cell(std::monostate) {
    return "";
}
std::string cell(std::int64_t value) {
    return fmt::to_string(value);  // a number: '-' begins no formula
}
std::string cell(const Words& value) {
    return escaped_cell(escape_words(value, false));
}
std::string cell(const Moment& value) {
    return timestamp(value.time);
}
std::string cell(const Value& value) {
    return std::visit(
        [](const auto& content) -> std::string {
            using Type = std::decay_t<decltype(content)>;
            if constexpr (std::is_same_v<Type, std::string>) {
                return csv_text(content);
            } else {
                return cell(content);
            }
        },
        value);
}

class CsvSink final : public Sink {
  public:
    CsvSink(const TextOptions& options, OutputFile& out, OutputFile& errors)
        : options_(options), out_(out), errors_(errors) {}

    void begin(const std::vector<AnyReport>& reports) override {
        std::vector<std::string> head{"schema", "type", "tool"};
        each_head_member(Report{}, [&](std::string_view name, auto&&) { head.emplace_back(name); });
        const bool any_histogram = std::any_of(
            reports.begin(), reports.end(),
            [](const AnyReport& each) { return std::holds_alternative<HistogramReport>(each); });
        const std::vector<std::string> numbers =
            any_histogram ? histogram_columns() : std::vector<std::string>{};
        rest_ = numbers.size();
        for (const AnyReport& any : reports) {
            std::visit([&](const auto& report) { learn_columns(report); }, any);
        }

        std::vector<std::string> taken = head;
        taken.insert(taken.end(), numbers.begin(), numbers.end());
        const auto heading_of = [&](const std::string& name, const char* object) {
            const bool is_taken = std::find(taken.begin(), taken.end(), name) != taken.end();
            return taken.emplace_back(is_taken ? fmt::format("{}.{}", object, name) : name);
        };
        std::vector<std::string> headings = head;
        for (const std::string& each : keys_) {
            headings.push_back(heading_of(each, "key"));
        }
        for (const std::string& each : values_) {
            headings.push_back(heading_of(each, "values"));
        }
        headings.insert(headings.end(), numbers.begin(), numbers.end());

        std::string line;
        for (const std::string& each : headings) {
            append(line, std::string_view(each));
        }
        out_.append(line + "\n");
        out_.flush();
    }

    void report(const AnyReport& report) override {
        std::visit([this](const auto& each) { write(each); }, report);
    }

    void begin_events(const std::vector<EventShape>& shapes) override {
        const EventOwner nobody;
        std::string line;
        const auto add = [&](std::string_view name) { append(line, name); };
        for (const char* each : {"schema", "type", "tool"}) {
            add(each);
        }
        each_event_member(
            Event{shapes.front(), 0, nobody, 0, 0, "", {}},
            [&](std::string_view name, const auto&) { add(name); },
            [&](const EventOwner&) {
                for (const std::string& each : shapes.front().key_names) {
                    add(each);
                }
            });
        for (const EventShape& shape : shapes) {
            for (const EventColumn& each : shape.columns) {
                if (std::find(values_.begin(), values_.end(), each.name) == values_.end()) {
                    values_.push_back(each.name);
                    add(each.name);
                }
            }
        }
        out_.append(line + "\n");
        out_.flush();
    }

    void event(const Event& event) override {
        std::string line;
        append(line, kSchema);
        append(line, kEventType);
        append(line, std::string_view(event.shape.tool));
        each_event_member(
            Event{event.shape, event.time, event.owner, event.pid, event.tid, event.comm, {}},
            [&](std::string_view, const auto& value) { append(line, value); },
            [&](const EventOwner& owner) {
                for (const Field& each : owner.key) {
                    append(line, each.value);
                }
            });
        for (const std::string& name : values_) {
            line += ',';
            for (std::size_t i = 0; i < event.values.size(); ++i) {
                if (event.shape.columns[i].name == name) {
                    line +=
                        std::visit([](const auto& value) { return cell(value); }, event.values[i]);
                }
            }
        }
        out_.append(line + "\n");
        out_.flush_if_large();
    }

    void flush() override { out_.flush(); }

    void lost(const LostRecord& lost) override {
        errors_.append(lost_sentence(lost, options_) + "\n");
        errors_.flush();
    }

    void end(const EndRecord& end) override {
        for (const std::string& each : end_sentences(end, options_)) {
            errors_.append(each + "\n");
        }
        errors_.flush();
    }

  private:
    static std::vector<std::string> histogram_columns() {
        std::vector<std::string> names{"unit"};
        each_number(Histogram(), [&](std::string_view name, auto&&) { names.emplace_back(name); });
        each_in_flight_member(InFlight(), [&](std::string_view name, auto&&) {
            names.push_back(fmt::format("in_flight.{}", name));
        });
        each_bucket_member(BucketCount(), [&](std::string_view name, auto&&) {
            names.push_back(fmt::format("bucket.{}", name));
        });
        return names;
    }

    void learn_columns(const HistogramReport& report) { add_new(keys_, report.key_names); }
    void learn_columns(const CountsReport& report) {
        add_new(keys_, report.key_names);
        for (const ValueColumn& each : report.columns) {
            add_new(values_, {each.name});
        }
    }
    static void add_new(std::vector<std::string>& all, const std::vector<std::string>& names) {
        for (const std::string& each : names) {
            if (std::find(all.begin(), all.end(), each) == all.end()) {
                all.push_back(each);
            }
        }
    }

    template <typename Content>
    static void append(std::string& line, const Content& content) {
        if (!line.empty()) {
            line += ',';
        }
        line += cell(content);
    }

    void write(const HistogramReport& report) {
        write_rows(report, [&](std::string& line, const HistogramRow& row) {
            line.append(values_.size(), ',');
            const auto add = [&](std::string_view, const auto& value) { append(line, value); };
            add("unit", name_of(report.unit));
            each_number(row.histogram, add);
            if (row.in_flight) {
                each_in_flight_member(*row.in_flight, add);
            } else {
                each_in_flight_member(InFlight(), [&](auto&&, auto&&) { line += ','; });
            }
            add_buckets(line, row.histogram);
        });
    }

    void write(const CountsReport& report) {
        write_rows(report, [&](std::string& line, const CountsRow& row) {
            for (const std::string& name : values_) {
                const auto column =
                    std::find_if(report.columns.begin(), report.columns.end(),
                                 [&](const ValueColumn& each) { return each.name == name; });
                if (column == report.columns.end()) {
                    append(line, std::nullopt);
                } else {
                    append(line, row.values[std::size_t(column - report.columns.begin())]);
                }
            }
            line.append(rest_, ',');
            line += '\n';
        });
    }

    /// The lines of a report: head and key, then whatever `add` writes, including the end of the
    /// line.
    template <typename SomeReport, typename Add>
    void write_rows(const SomeReport& report, Add&& add) {
        for (const auto* row : in_order(report.rows)) {
            std::string line;
            append(line, kSchema);
            append(line, type_of(report));
            append(line, std::string_view(report.tool));
            each_head_member(report,
                             [&](std::string_view, const auto& value) { append(line, value); });
            for (const std::string& name : keys_) {
                const auto field =
                    std::find_if(row->key.begin(), row->key.end(),
                                 [&](const Field& each) { return each.name == name; });
                append(line, field == row->key.end() ? Value() : field->value);
            }
            add(line, *row);
            out_.append(line);
            out_.flush_if_large();
        }
        out_.flush();
    }

    /// `line` is the beginning of all lines of this histogram; it becomes all of them. A histogram
    /// without values has one line without a bucket.
    static void add_buckets(std::string& line, const Histogram& histogram) {
        const std::string head = std::exchange(line, "");
        if (histogram.empty()) {
            line = head;
            each_bucket_member(BucketCount(), [&](auto&&, auto&&) { line += ','; });
            line += '\n';
        }
        for (const BucketCount& bucket : histogram.buckets()) {
            line += head;
            each_bucket_member(bucket,
                               [&](std::string_view, const auto& value) { append(line, value); });
            line += '\n';
        }
    }

    TextOptions options_;
    OutputFile& out_;
    OutputFile& errors_;
    std::vector<std::string> keys_;    ///< of all reports
    std::vector<std::string> values_;  ///< of all counts, or of all events
    std::size_t rest_ = 0;             ///< the columns of histograms, which come after these
};

}  // namespace

std::unique_ptr<Sink> make_csv_sink(const TextOptions& options, OutputFile& out,
                                    OutputFile& errors) {
    return std::make_unique<CsvSink>(options, out, errors);
}

std::string csv_text(std::string_view bytes) {
    return escaped_cell(escape_text(bytes));
}

}  // namespace tally
