// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// CSV, read back by a reader of its own: cells are what the JSON records of the same reports say.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "output/csv_sink.h"
#include "output/make_sink.h"

namespace tally {
namespace {

constexpr UnixNanoseconds kTime = 1'795'338'005'000'000'042;  // 2026-11-22T09:00:05

std::string content_of(int fd) {
    std::string all;
    char chunk[4096];
    ::lseek(fd, 0, SEEK_SET);
    for (ssize_t got = 0; (got = ::read(fd, chunk, sizeof chunk)) > 0;) {
        all.append(chunk, static_cast<std::size_t>(got));
    }
    return all;
}

/// A sink whose output goes to memory.
class Output {
  public:
    explicit Output(Format format)
        : out_file_(::memfd_create("out", MFD_CLOEXEC)),
          errors_file_(::memfd_create("errors", MFD_CLOEXEC)),
          out_(out_file_.get(), "stdout"),
          errors_(errors_file_.get(), "stderr"),
          sink_(make_sink(format, {}, out_, errors_)) {}

    Sink& sink() { return *sink_; }
    std::string text() const { return content_of(out_file_.get()); }
    std::string errors() const { return content_of(errors_file_.get()); }

  private:
    FileDescriptor out_file_, errors_file_;
    OutputFile out_, errors_;
    std::unique_ptr<Sink> sink_;
};

using Cell = std::optional<std::string>;  // none: null
using Line = std::vector<Cell>;

/// RFC 4180, but for the end of the line.
std::vector<Line> read_csv(const std::string& text) {
    std::vector<Line> lines;
    std::string cell;
    bool quoted = false;
    Line line;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            quoted = true;
            for (++at; text[at] != '"' || text[at + 1] == '"'; ++at) {
                cell += text[at];
                at += text[at] == '"';
            }
            continue;
        }
        if (text[at] != ',' && text[at] != '\n') {
            cell += text[at];
            continue;
        }
        line.push_back(cell.empty() && !quoted ? Cell() : Cell(cell));
        cell.clear();
        quoted = false;
        if (text[at] == '\n') {
            lines.push_back(std::move(line));
            line.clear();
        }
    }
    EXPECT_TRUE(line.empty() && cell.empty()) << "the last line is cut";
    return lines;
}

/// One record, as far as it is not null: names joined with dots, values as text.
using Flat = std::map<std::string, std::string>;

void flatten(const rapidjson::Value& value, const std::string& name, Flat& flat) {
    if (value.IsObject()) {
        // Members of these two stand for themselves.
        const bool bare = name.empty() || name == "key" || name == "values";
        for (const auto& member : value.GetObject()) {
            flatten(member.value, (bare ? "" : name + ".") + member.name.GetString(), flat);
        }
    } else if (value.IsArray()) {
        for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
            flatten(value[i], "bucket " + std::to_string(i), flat);
        }
    } else if (value.IsBool()) {
        flat[name] = value.GetBool() ? "true" : "false";
    } else if (!value.IsNull()) {
        flat[name] = {value.GetString(), value.GetStringLength()};
    }
}

std::vector<Flat> records_in_json(const std::string& text) {
    std::vector<Flat> records;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        rapidjson::Document record;
        record.Parse<rapidjson::kParseNumbersAsStringsFlag>(line.data(), line.size());
        EXPECT_FALSE(record.HasParseError()) << line;
        flatten(record, "", records.emplace_back());
    }
    return records;
}

/// What escape_text() has done, undone; as far as these tests have it.
std::string unescaped(const std::string& text) {
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            bytes += text[at];
        } else if (text[++at] == '\\') {
            bytes += '\\';
        } else {
            EXPECT_EQ(text[at], 'x');
            bytes += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
            at += 2;
        }
    }
    return bytes;
}

/// Lines that differ in the bucket only are one record.
std::vector<Flat> records_in_csv(const std::string& text) {
    const std::vector<Line> lines = read_csv(text);
    std::vector<Flat> records;
    Flat last;
    int bucket = 0;
    for (std::size_t number = 1; number < lines.size(); ++number) {
        EXPECT_EQ(lines[number].size(), lines[0].size());
        Flat record, of_bucket;
        for (std::size_t i = 0; i < lines[0].size(); ++i) {
            const std::string& name = *lines[0][i];
            if (lines[number][i]) {
                (name.starts_with("bucket.") ? of_bucket : record)[name] =
                    unescaped(*lines[number][i]);
            }
        }
        if (records.empty() || record != last || of_bucket.empty()) {
            records.push_back(record);
            bucket = 0;
        }
        last = record;
        for (const auto& [name, value] : of_bucket) {
            records.back()["bucket " + std::to_string(bucket) + name.substr(6)] = value;
        }
        ++bucket;
    }
    return records;
}

HistogramRow row_of(std::string name) {
    HistogramRow row;
    row.labels = {name};
    row.key = {{"container", std::move(name)},
               {"pod", {}},
               {"offset", std::int64_t{-3}},
               {"comm", std::string("")}};
    row.histogram.add(64, 7);  // 1024 .. 1151
    row.histogram.add(70, 3);  // 1792 .. 1919
    row.histogram.add_sum(13'000);
    row.histogram.set_extremes(1030, 1800);
    return row;
}

const std::vector<std::string> kKeys{"container", "pod", "offset", "comm"};

HistogramReport waits(std::vector<HistogramRow> rows) {
    HistogramReport report;
    report.tool = "sometool";
    report.name = "waits";
    report.description = "How long";
    report.scope = Scope::interval;
    report.time = kTime;
    report.interval_s = 1.25;
    report.key_names = kKeys;
    report.rows = std::move(rows);
    return report;
}

CountsReport calls() {
    CountsReport report;
    report.tool = "sometool";
    report.name = "calls";
    report.time = kTime;
    report.interval_s = 3;
    report.key_names = kKeys;
    report.columns = {{"calls", Unit::count}, {"total_ns", Unit::nanoseconds}};
    for (const char* name : {"web", "db"}) {
        CountsRow row;
        row.key = row_of(name).key;
        row.values = {UINT64_MAX, 0};
        report.rows.push_back(row);
    }
    return report;
}

TEST(CsvSink, WritesALineForEachBucket) {
    Output csv(Format::csv);
    HistogramReport report = waits({});
    report.key_names = {"container", "pod"};
    csv.sink().begin({report});
    HistogramRow row = row_of("web");
    row.key = {{"container", std::string("web")}, {"pod", {}}};
    report.rows = {row};
    csv.sink().report(report);
    csv.sink().end({"sometool", kTime, 1, 0, {{"map_full", 0}}});
    const std::string head =
        "1,histogram,sometool,waits,interval,2026-11-22T09:00:05.000000042Z,1.25,web,,"
        "ns,10,13000,1030,1800,1151,1800,1800,1800,,,,,,,,,";
    EXPECT_EQ(csv.text(),
              "schema,type,tool,name,scope,time,interval_s,container,pod,"
              "unit,count,sum,min,max,p50,p90,p99,p99_9,in_flight.count,in_flight.before_attach,"
              "in_flight.oldest_ns,in_flight.oldest_before_attach,in_flight.oldest_pid,"
              "in_flight.oldest_tid,in_flight.oldest_comm,in_flight.sum_ns,"
              "bucket.ge,bucket.lt,bucket.count\n" +
                  head + "1024,1152,7\n" + head + "1792,1920,3\n");
    EXPECT_EQ(csv.errors(), "");
}

TEST(CsvSink, SaysWhatTheJsonRecordsSay) {
    HistogramReport interval = waits({row_of("web"), row_of("a, \"b\" \\x"), row_of("=cmd")});
    interval.rows[0].in_flight = InFlight{2, 1, 81'000, true, 4711, 4712, "-sh", 95'000};
    interval.rows[1].in_flight = InFlight{};
    interval.rows[2].histogram.add(312, 1);  // the last bucket, without an end
    HistogramRow only_in_flight = row_of("cache");
    only_in_flight.histogram = {};
    only_in_flight.in_flight = InFlight{1, 0, 5, false, 1, 1, "", 5};
    interval.rows.push_back(only_in_flight);
    HistogramReport other = waits({row_of("web")});
    other.name = "sizes";
    other.unit = Unit::bytes;
    HistogramReport total = interval;
    total.scope = Scope::total;
    total.interval_s = 5;

    Output csv(Format::csv), json(Format::json);
    for (Output* each : {&csv, &json}) {
        each->sink().begin({waits({}), other, calls()});
        each->sink().report(interval);
        each->sink().report(other);
        each->sink().report(waits({}));
        each->sink().report(total);
        each->sink().report(calls());
    }
    const std::vector<Flat> in_json = records_in_json(json.text());
    ASSERT_EQ(in_json.size(), 4U + 1U + 4U + 2U);
    EXPECT_EQ(records_in_csv(csv.text()), in_json);
}

TEST(CsvSink, CountsHaveAColumnForEachValue) {
    Output csv(Format::csv), json(Format::json);
    for (Output* each : {&csv, &json}) {
        each->sink().begin({calls()});
        each->sink().report(calls());
    }
    EXPECT_EQ(csv.text().substr(0, csv.text().find('\n')),
              "schema,type,tool,name,scope,time,interval_s,container,pod,offset,comm,"
              "calls,total_ns");
    EXPECT_EQ(records_in_csv(csv.text()), records_in_json(json.text()));
}

TEST(CsvSink, AHeadingStandsForOneColumn) {
    HistogramReport histogram = waits({row_of("web")});
    histogram.key_names = {"count", "time"};
    histogram.rows[0].key = {{"count", std::uint64_t{4}}, {"time", std::string("noon")}};
    CountsReport counts = calls();
    counts.key_names = histogram.key_names;
    counts.columns = {{"count", Unit::count}, {"other", Unit::count}};
    for (CountsRow& row : counts.rows) {
        row.key = histogram.rows[0].key;
        row.values = {5, 6};
    }
    Output csv(Format::csv);
    csv.sink().begin({histogram, counts});
    csv.sink().report(histogram);
    csv.sink().report(counts);
    const std::vector<Flat> records = records_in_csv(csv.text());
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].at("key.count"), "4");
    EXPECT_EQ(records[0].at("key.time"), "noon");
    EXPECT_EQ(records[0].at("count"), "10");
    EXPECT_EQ(records[1].at("key.count"), "4");
    EXPECT_EQ(records[1].at("values.count"), "5");
    EXPECT_EQ(records[1].at("other"), "6");
    EXPECT_EQ(records[1].count("count"), 0U);
}

TEST(CsvSink, ARunWithoutRowsHasItsHeading) {
    Output csv(Format::csv);
    csv.sink().begin({waits({})});
    csv.sink().live(waits({row_of("web")}));
    csv.sink().report(waits({}));
    EXPECT_EQ(read_csv(csv.text()).size(), 1U);
}

TEST(CsvSink, ByNoneHasNoKey) {
    HistogramReport report = waits({row_of("")});
    report.key_names.clear();
    report.rows[0].key.clear();
    Output csv(Format::csv), json(Format::json);
    for (Output* each : {&csv, &json}) {
        each->sink().begin({report});
        each->sink().report(report);
    }
    EXPECT_EQ(records_in_csv(csv.text()), records_in_json(json.text()));
}

TEST(CsvSink, LossesGoToStderr) {
    Output csv(Format::csv), text(Format::text);
    for (Output* each : {&csv, &text}) {
        each->sink().lost({"it", kTime, "map_full", 12, "\x1b[2Jraise it"});
        each->sink().end({"it", kTime, 1, 3, {{"map_full", 12}, {"negative_time", 0}}});
    }
    EXPECT_EQ(csv.errors(),
              "tally: it: lost 12: map_full: \\x1b[2Jraise it\n"
              "tally: it: 3 began before tracing started and are not included\n"
              "tally: it: lost in the whole run: map_full 12\n");
    EXPECT_EQ(text.errors(), csv.errors());
    EXPECT_EQ(csv.text(), "");
}

TEST(CsvText, IsSafeAndCanBeReadBack) {
    const std::map<std::string, std::string> cells = {
        {"web", "web"},
        {"", "\"\""},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"a\nb\r", "a\\x0ab\\x0d"},
        {"\x1b[2J\x7f", "\\x1b[2J\\x7f"},
        {"\xff\xc2\x9b\xe2\x80\xae", "\\xff\\u009b\\u202e"},
        {"back\\slash", "back\\\\slash"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"=1+1", "\\x3d1+1"},
        {"+1", "\\x2b1"},
        {"-.mount", "\\x2d.mount"},
        {"@SUM(A1)", "\\x40SUM(A1)"},
        {"=1,\"", "\"\\x3d1,\"\"\""},
        {"\xef\xbc\x9d"
         "1",
         "\\uff1d1"},
        {"a=b", "a=b"},
    };
    for (const auto& [bytes, written] : cells) {
        EXPECT_EQ(csv_text(bytes), written);
    }
}

}  // namespace
}  // namespace tally
