// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "output/json_record.h"

namespace tally {

namespace {

// A report of many keys goes out in pieces, so that its memory does not grow with their number.
constexpr std::size_t kEnough = 256 * 1024;

std::string_view name_of(Unit unit) {
    switch (unit) {
        case Unit::nanoseconds:
            return "ns";
        case Unit::bytes:
            return "bytes";
        case Unit::count:
            break;
    }
    return "count";
}

std::string_view name_of(Scope scope) {
    return scope == Scope::interval ? "interval" : "total";
}

/// RFC 3339 in UTC, with nanoseconds.
std::string timestamp(UnixNanoseconds time) {
    constexpr UnixNanoseconds kSecond = 1'000'000'000;
    const auto seconds = static_cast<std::time_t>(time / kSecond);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time % kSecond);
}

void add_numbers(JsonRecord& record, const Histogram& histogram) {
    record.add("count", histogram.count());
    record.add("sum", histogram.sum());
    record.add("min", histogram.min());
    record.add("max", histogram.max());
    record.add("p50", histogram.percentile(50));
    record.add("p90", histogram.percentile(90));
    record.add("p99", histogram.percentile(99));
    record.add("p99_9", histogram.percentile(99.9));
}

void add_in_flight(JsonRecord& record, const std::optional<InFlight>& in_flight) {
    if (!in_flight) {
        record.add_null("in_flight");
        return;
    }
    record.begin_object("in_flight");
    record.add("count", in_flight->count);
    record.add("before_attach", in_flight->before_attach);
    if (in_flight->count == 0) {
        for (const char* name :
             {"oldest_ns", "oldest_before_attach", "oldest_pid", "oldest_tid", "oldest_comm"}) {
            record.add_null(name);
        }
    } else {
        record.add("oldest_ns", in_flight->oldest_ns);
        record.add_bool("oldest_before_attach", in_flight->oldest_before_attach);
        record.add("oldest_pid", std::uint64_t{in_flight->oldest_pid});
        record.add("oldest_tid", std::uint64_t{in_flight->oldest_tid});
        record.add("oldest_comm", std::string_view(in_flight->oldest_comm));
    }
    record.end_object();
}

void add_buckets(JsonRecord& record, const Histogram& histogram) {
    record.begin_array("buckets");
    for (const BucketCount& each : histogram.buckets()) {
        record.begin_object();
        record.add("ge", bucket_floor(each.bucket));
        record.add("lt", bucket_end(each.bucket));
        record.add("count", each.count);
        record.end_object();
    }
    record.end_array();
}

bool key_is_before(const RowName* left, const RowName* right) {
    return std::lexicographical_compare(
        left->key.begin(), left->key.end(), right->key.begin(), right->key.end(),
        [](const Field& one, const Field& other) { return one.value < other.value; });
}

class JsonWriter final : public Writer {
  public:
    explicit JsonWriter(OutputFile& out) : out_(out) {}

    void report(const HistogramReport& report) override { write("histogram", report); }
    void report(const CountsReport& report) override { write("counts", report); }

    void lost(const LostRecord& lost) override {
        record_.begin("lost", lost.tool);
        record_.add("time", timestamp(lost.time));
        record_.add("reason", lost.reason);
        record_.add("count", lost.count);
        out_.append(record_.end());
        out_.flush();
    }

    void end(const EndRecord& end) override {
        record_.begin("end", end.tool);
        record_.add("time", timestamp(end.time));
        record_.add("duration_s", end.duration_s);
        record_.add("before_attach", end.before_attach);
        record_.begin_object("lost");
        for (const EndRecord::Lost& each : end.lost) {
            record_.add(each.reason, each.count);
        }
        record_.end_object();
        out_.append(record_.end());
        out_.flush();
    }

  private:
    /// What all records of reports have in common, then what add() says.
    template <typename SomeReport>
    void write(std::string_view type, const SomeReport& report) {
        using Row = typename decltype(report.rows)::value_type;
        std::vector<const Row*> rows;
        rows.reserve(report.rows.size());
        for (const Row& row : report.rows) {
            rows.push_back(&row);
        }
        std::stable_sort(rows.begin(), rows.end(), key_is_before);

        std::size_t pending = 0;
        for (const Row* row : rows) {
            record_.begin(type, report.tool);
            record_.add("name", report.name);
            record_.add("scope", name_of(report.scope));
            record_.add("time", timestamp(report.time));
            record_.add("interval_s", report.interval_s);
            record_.begin_object("key");
            for (const Field& field : row->key) {
                record_.add(field);
            }
            record_.end_object();
            add(report, *row);
            const std::string_view line = record_.end();
            out_.append(line);
            pending += line.size();
            if (pending >= kEnough) {
                out_.flush();
                pending = 0;
            }
        }
        out_.flush();
    }

    void add(const HistogramReport& report, const HistogramRow& row) {
        record_.add("unit", name_of(report.unit));
        add_numbers(record_, row.histogram);
        add_in_flight(record_, row.in_flight);
        add_buckets(record_, row.histogram);
    }

    void add(const CountsReport& report, const CountsRow& row) {
        record_.begin_object("values");
        for (std::size_t i = 0; i < report.columns.size(); ++i) {
            record_.add(report.columns[i].name, row.values[i]);
        }
        record_.end_object();
    }

    OutputFile& out_;
    JsonRecord record_;
};

}  // namespace

std::unique_ptr<Writer> make_json_writer(OutputFile& out) {
    return std::make_unique<JsonWriter>(out);
}

}  // namespace tally
