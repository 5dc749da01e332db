// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The records: byte for byte where their order matters, else read back by a JSON parser.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "output/make_sink.h"

namespace tally {
namespace {

constexpr std::uint64_t kOverflow = std::uint64_t{1} << 41;
constexpr UnixNanoseconds kTime = 1'795'338'005'000'000'042;  // 2026-11-22T09:00:05

/// A sink whose output goes to memory.
class Json {
  public:
    Json()
        : file_(::memfd_create("out", MFD_CLOEXEC)),
          out_(file_.get(), "stdout"),
          errors_(-1, "stderr"),  // fails if anything is written to it
          sink_(make_sink(Format::json, {}, out_, errors_)) {}

    Sink& sink() { return *sink_; }

    std::string text() {
        std::string all;
        char chunk[4096];
        ::lseek(file_.get(), 0, SEEK_SET);
        for (ssize_t got = 0; (got = ::read(file_.get(), chunk, sizeof chunk)) > 0;) {
            all.append(chunk, static_cast<std::size_t>(got));
        }
        return all;
    }

    std::vector<rapidjson::Document> records() {
        std::vector<rapidjson::Document> records;
        std::istringstream lines(text());
        for (std::string line; std::getline(lines, line);) {
            rapidjson::Document& record = records.emplace_back();
            record
                .Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag>(
                    line.data(), line.size());
            EXPECT_FALSE(record.HasParseError()) << line;
        }
        return records;
    }

  private:
    FileDescriptor file_;
    OutputFile out_;
    OutputFile errors_;
    std::unique_ptr<Sink> sink_;
};

std::vector<std::string> names_of(const rapidjson::Value& object) {
    std::vector<std::string> names;
    for (const auto& member : object.GetObject()) {
        names.emplace_back(member.name.GetString(), member.name.GetStringLength());
    }
    return names;
}

InFlight in_flight_of(std::uint64_t count, std::uint64_t oldest_ns) {
    InFlight in_flight;
    in_flight.count = count;
    in_flight.oldest_ns = oldest_ns;
    in_flight.oldest_pid = 47;
    in_flight.oldest_tid = 48;
    in_flight.oldest_comm = "cat";
    in_flight.sum_ns = 7'000'000'000;
    return in_flight;
}

HistogramRow row_of(std::string name) {
    HistogramRow row;
    row.labels = {name};
    row.key = {{"container", std::move(name)},
               {"container_id", std::string("3f0a")},
               {"runtime", std::string("docker")},
               {"pod", {}},
               {"namespace", {}},
               {"systemd_unit", {}},
               {"cgroup", std::string("/docker/3f0a")}};
    row.histogram.add(64, 7);  // 1024 .. 1151
    row.histogram.add(70, 3);  // 1792 .. 1919
    row.histogram.add_sum(13'000);
    row.histogram.set_extremes(1030, 1800);
    return row;
}

HistogramReport report_of(std::vector<HistogramRow> rows) {
    HistogramReport report;
    report.tool = "runqlat";
    report.name = "waits";
    report.description = "How long runnable threads wait for a CPU";
    report.scope = Scope::interval;
    report.time = kTime;
    report.interval_s = 1;
    report.headings = {"CONTAINER"};
    report.rows = std::move(rows);
    return report;
}

TEST(JsonSink, WritesEveryFieldOfAHistogramInOrder) {
    Json json;
    HistogramRow row = row_of("web");
    row.in_flight = in_flight_of(2, 81'000);
    json.sink().report(report_of({row}));
    EXPECT_EQ(json.text(),
              R"({"schema":1,"type":"histogram","tool":"runqlat","name":"waits",)"
              R"("scope":"interval","time":"2026-11-22T09:00:05.000000042Z","interval_s":1.0,)"
              R"("key":{"container":"web","container_id":"3f0a","runtime":"docker","pod":null,)"
              R"("namespace":null,"systemd_unit":null,"cgroup":"/docker/3f0a"},"unit":"ns",)"
              R"("count":10,"sum":13000,"min":1030,"max":1800,"p50":1151,"p90":1800,"p99":1800,)"
              R"("p99_9":1800,"in_flight":{"count":2,"before_attach":0,"oldest_ns":81000,)"
              R"("oldest_before_attach":false,"oldest_pid":47,"oldest_tid":48,"oldest_comm":"cat",)"
              R"("sum_ns":7000000000},)"
              R"("buckets":[{"ge":1024,"lt":1152,"count":7},{"ge":1792,"lt":1920,"count":3}]})"
              "\n");
}

TEST(JsonSink, WritesEveryFieldOfCountsInOrder) {
    Json json;
    CountsReport report;
    report.tool = "syscount";
    report.name = "calls";
    report.time = kTime;
    report.interval_s = 2;
    report.columns = {{"calls", Unit::count}, {"total_ns", Unit::nanoseconds}};
    CountsRow row;
    row.key = {{"syscall", std::string("read")}, {"waits_by_nature", false}, {"error", {}}};
    row.values = {7, 18'446'744'073'709'551'615ULL};
    report.rows = {row};
    json.sink().report(report);
    EXPECT_EQ(json.text(),
              R"({"schema":1,"type":"counts","tool":"syscount","name":"calls","scope":"total",)"
              R"("time":"2026-11-22T09:00:05.000000042Z","interval_s":2.0,)"
              R"("key":{"syscall":"read","waits_by_nature":false,"error":null},)"
              R"("values":{"calls":7,"total_ns":18446744073709551615}})"
              "\n");
}

TEST(JsonSink, AbsentIsNull) {
    Json json;
    HistogramRow only_in_flight;
    only_in_flight.in_flight = in_flight_of(1, 5);
    only_in_flight.in_flight->oldest_tid = 0;
    HistogramRow none_in_flight = row_of("web");
    none_in_flight.in_flight = in_flight_of(0, 0);
    HistogramRow overflow;
    overflow.key = {{"pid", std::uint64_t{4711}}, {"offset", std::int64_t{-3}}};
    overflow.histogram.add(312, 1);
    json.sink().report(report_of({only_in_flight, none_in_flight, overflow}));

    const auto records = json.records();
    ASSERT_EQ(records.size(), 3U);
    EXPECT_TRUE(records[0]["key"].ObjectEmpty());
    EXPECT_EQ(records[0]["count"].GetUint64(), 0U);
    for (const char* name : {"min", "max", "p50", "p90", "p99", "p99_9"}) {
        EXPECT_TRUE(records[0][name].IsNull()) << name;
    }
    EXPECT_TRUE(records[0]["buckets"].Empty());
    EXPECT_EQ(records[0]["in_flight"]["oldest_ns"].GetUint64(), 5U);
    for (const char* member : {"oldest_pid", "oldest_tid", "oldest_comm"}) {
        EXPECT_TRUE(records[0]["in_flight"][member].IsNull()) << member;
    }

    EXPECT_EQ(records[1]["key"]["pid"].GetUint64(), 4711U);
    EXPECT_EQ(records[1]["key"]["offset"].GetInt64(), -3);
    EXPECT_TRUE(records[1]["in_flight"].IsNull());
    EXPECT_TRUE(records[1]["buckets"][0]["lt"].IsNull());
    EXPECT_EQ(records[1]["buckets"][0]["ge"].GetUint64(), kOverflow);
    EXPECT_EQ(records[1]["p50"].GetUint64(), kOverflow);

    EXPECT_EQ(records[2]["in_flight"]["count"].GetUint64(), 0U);
    EXPECT_TRUE(records[2]["in_flight"]["oldest_ns"].IsNull());
}

TEST(JsonSink, RowsAreInTheOrderOfTheirKeys) {
    Json json;
    json.sink().report(report_of({row_of("web"), row_of("cache"), row_of("db")}));
    std::vector<std::string> names;
    for (const auto& record : json.records()) {
        names.emplace_back(record["key"]["container"].GetString());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"cache", "db", "web"}));
}

TEST(JsonSink, NumbersAreExact) {
    Json json;
    HistogramReport report = report_of({row_of("web")});
    report.rows[0].histogram.add_sum(UINT64_MAX - 13'000);
    report.unit = Unit::bytes;
    report.scope = Scope::total;
    const std::map<double, std::string> seconds = {
        {0, "0.0"},           {0.1, "0.1"},   {1.0 / 3, "0.333333333"},           {1e-10, "0.0"},
        {86400.5, "86400.5"}, {100, "100.0"}, {1e21, "1000000000000000000000.0"},
    };
    for (const auto& [interval, text] : seconds) {
        report.interval_s = interval;
        json.sink().report(report);
        EXPECT_NE(json.text().find("\"interval_s\":" + text + ","), std::string::npos) << text;
    }
    const auto records = json.records();
    EXPECT_EQ(records[0]["sum"].GetUint64(), UINT64_MAX);
    EXPECT_STREQ(records[0]["unit"].GetString(), "bytes");
    EXPECT_STREQ(records[0]["scope"].GetString(), "total");
}

TEST(JsonSink, TimeIsUtcWithNanoseconds) {
    Json json;
    json.sink().lost({"t", 0, "ring_full", 1, ""});
    json.sink().lost({"t", 951'782'399'999'999'999, "ring_full", 1, ""});
    const auto records = json.records();
    EXPECT_STREQ(records[0]["time"].GetString(), "1970-01-01T00:00:00.000000000Z");
    EXPECT_STREQ(records[1]["time"].GetString(), "2000-02-28T23:59:59.999999999Z");
}

TEST(JsonSink, HostileBytesStayInTheirStrings) {
    Json json;
    const std::string hostile = "\"},\n\x1b[2J\\\xff\xc2\x9b\xe2\x80\xae";
    HistogramReport report = report_of({row_of(hostile)});
    report.tool = hostile;
    report.name = hostile;
    report.rows[0].key.push_back({hostile, hostile});
    json.sink().report(report);
    json.sink().lost({hostile, kTime, hostile, 1, hostile});
    json.sink().end({hostile, kTime, 1, 0, {{hostile, 2}}});

    for (const char byte : json.text()) {
        EXPECT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20);
    }
    EXPECT_EQ(json.text().find("\xc2\x9b"), std::string::npos);
    const std::string safe = "\"},\n\x1b[2J\\\\xff\xc2\x9b\xe2\x80\xae";
    const auto records = json.records();
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0]["tool"].GetString(), safe);
    EXPECT_EQ(records[0]["key"]["container"].GetString(), safe);
    EXPECT_EQ(names_of(records[0]["key"]).back(), safe);
    EXPECT_EQ(records[1]["reason"].GetString(), safe);
    EXPECT_EQ(names_of(records[2]["lost"]).back(), safe);
}

TEST(JsonSink, LostAndEnd) {
    Json json;
    json.sink().lost({"runqlat", kTime, "map_full", 12, "raise --max-keys"});
    json.sink().end({"runqlat", kTime, 5.25, 3, {{"map_full", 12}, {"ring_full", 0}}});
    EXPECT_EQ(json.text(),
              R"({"schema":1,"type":"lost","tool":"runqlat",)"
              R"("time":"2026-11-22T09:00:05.000000042Z","reason":"map_full","count":12})"
              "\n"
              R"({"schema":1,"type":"end","tool":"runqlat",)"
              R"("time":"2026-11-22T09:00:05.000000042Z","duration_s":5.25,"before_attach":3,)"
              R"("lost":{"map_full":12,"ring_full":0}})"
              "\n");
}

TEST(JsonSink, ALivePictureIsNotARecord) {
    Json json;
    json.sink().live(report_of({row_of("web")}));
    json.sink().report(report_of({}));
    EXPECT_EQ(json.text(), "");
}

TEST(JsonSink, ManyKeysGoOutInPieces) {
    Json json;
    HistogramReport report = report_of({});
    for (int number = 0; number < 3'000; ++number) {
        report.rows.push_back(row_of("container-" + std::to_string(number)));
    }
    json.sink().report(report);
    EXPECT_EQ(json.records().size(), 3'000U);
}

}  // namespace
}  // namespace tally
