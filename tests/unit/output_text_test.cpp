// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What people see: golden pictures, and a terminal small enough to be understood by a test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "output/chart.h"
#include "output/escape.h"
#include "output/live_area.h"
#include "output/make_sink.h"
#include "output/quantity.h"
#include "output/utf8.h"

// Shared with the kernel side, so it is C, casts included.
#include "buckets.h"

namespace tally {
namespace {

using Values = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // value, how often

constexpr UnixNanoseconds kTime = 1'795'338'005'000'000'000;  // 2026-11-22T09:00:05Z
constexpr std::uint64_t kUs = 1'000;
constexpr std::uint64_t kMs = 1'000'000;

std::string read_from_start(int fd) {
    std::string all;
    char chunk[4096];
    ::lseek(fd, 0, SEEK_SET);
    for (ssize_t got = 0; (got = ::read(fd, chunk, sizeof chunk)) > 0;) {
        all.append(chunk, static_cast<std::size_t>(got));
    }
    return all;
}

/// A text sink whose stdout and stderr go to memory.
class Text {
  public:
    explicit Text(const TextOptions& options = {})
        : out_file_(::memfd_create("out", MFD_CLOEXEC)),
          error_file_(::memfd_create("errors", MFD_CLOEXEC)),
          out_(out_file_.get(), "stdout"),
          errors_(error_file_.get(), "stderr"),
          sink_(make_sink(Format::text, options, out_, errors_)) {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }

    Sink& sink() { return *sink_; }
    std::string out() { return read_from_start(out_file_.get()); }
    std::string errors() { return read_from_start(error_file_.get()); }

  private:
    FileDescriptor out_file_;
    FileDescriptor error_file_;
    OutputFile out_;
    OutputFile errors_;
    std::unique_ptr<Sink> sink_;
};

InFlight in_flight_of(std::uint64_t count, std::uint64_t oldest_ns) {
    InFlight in_flight;
    in_flight.count = count;
    in_flight.oldest_ns = oldest_ns;
    in_flight.oldest_pid = 47;
    in_flight.oldest_tid = 48;
    in_flight.oldest_comm = "cat";
    return in_flight;
}

HistogramRow row_of(std::string name, const Values& values,
                    std::optional<InFlight> in_flight = std::nullopt, std::string id = "") {
    HistogramRow row;
    row.labels = {name};
    row.key = {{"container", name},
               {"container_id", id.empty() ? Value() : Value(id)},
               {"cgroup", "/docker/" + name + id}};
    for (const auto& [value, count] : values) {
        row.histogram.add(tally_bucket_of(value), count);
        row.histogram.add_sum(value * count);
    }
    if (!values.empty()) {
        row.histogram.set_extremes(values.front().first, values.back().first);
    }
    row.in_flight = in_flight;
    return row;
}

HistogramReport report_of(std::vector<HistogramRow> rows) {
    HistogramReport report;
    report.tool = "runqlat";
    report.name = "waits";
    report.description = "How long runnable threads wait for a CPU";
    report.time = kTime;
    report.interval_s = 5;
    report.headings = {"CONTAINER"};
    report.rows = std::move(rows);
    return report;
}

const Values kSome = {{3 * kUs, 100}, {5 * kUs, 50}, {20 * kUs, 1}};

std::vector<HistogramRow> four_rows() {
    return {row_of("db", {{800, 900}}, in_flight_of(0, 0)),
            row_of("web", {{3 * kUs, 4000}, {40 * kUs, 600}, {9 * kMs, 111}},
                   in_flight_of(2, 81 * kMs)),
            row_of("idle", {}, in_flight_of(1, 75'000 * kMs)),
            row_of("cache", {{2 * kUs, 10}, {6 * kUs, 2}}, in_flight_of(0, 0))};
}

std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Quantity, HasThreeDigitsAndAUnit) {
    const std::vector<std::pair<std::uint64_t, const char*>> durations = {
        {0, "0ns"},
        {412, "412ns"},
        {999, "999ns"},
        {1'000, "1.00us"},
        {3'204, "3.20us"},
        {9'994, "9.99us"},
        {9'996, "10.0us"},
        {99'960, "100us"},
        {999'499, "999us"},
        {999'500, "1.00ms"},
        {81 * kMs, "81.0ms"},
        {1'250 * kMs, "1.25s"},
        {75'000 * kMs, "75.0s"},
        {99'949 * kMs, "99.9s"},
        {99'950 * kMs, "1m40s"},
        {3'599'400 * kMs, "59m59s"},
        {3'599'600 * kMs, "1h00m"},
        {7'500'000 * kMs, "2h05m"},
        {86'399'000 * kMs, "1d00h"},
        {273'600'000 * kMs, "3d04h"},
        {UINT64_MAX, "213504d00h"},
    };
    for (const auto& [value, text] : durations) {
        EXPECT_EQ(format_duration(value), text) << value;
    }
    EXPECT_EQ(format_bytes(512), "512B");
    EXPECT_EQ(format_bytes(1'536), "1.50KiB");
    EXPECT_EQ(format_bytes(1'048'575), "1.00MiB");
    EXPECT_EQ(format_bytes(12 << 20), "12.0MiB");
    EXPECT_EQ(format_bytes(UINT64_MAX), "16.0EiB");
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(4'711), "4,711");
    EXPECT_EQ(format_count(1'234'567), "1,234,567");
    EXPECT_EQ(format_count_of(1, "waits"), "1 wait");
    EXPECT_EQ(format_count_of(0, "waits"), "0 waits");
}

TEST(Chart, PowersHoldEveryValueOnce) {
    Histogram histogram;
    for (std::uint32_t bucket = 0; bucket < TALLY_BUCKETS; ++bucket) {
        histogram.add(bucket, bucket + 1);
    }
    const PowerCounts counts = count_powers(histogram);
    std::uint64_t sum = 0;
    for (std::size_t power = 0; power < kPowers; ++power) {
        EXPECT_NE(counts[power], 0U);
        sum += counts[power];
    }
    EXPECT_EQ(sum, histogram.count());
    EXPECT_EQ(counts[0], 1U);
    EXPECT_EQ(counts[kPowers - 1], std::uint64_t{TALLY_OVERFLOW_BUCKET} + 1);
    EXPECT_EQ(power_floor(kPowers - 1), tally_bucket_floor(TALLY_OVERFLOW_BUCKET));
}

TEST(Chart, WhatIsThereIsSeen) {
    EXPECT_EQ(bar(0, 100, 10, true), "");
    EXPECT_EQ(bar(1, 1'000'000, 10, true), "▏");
    EXPECT_EQ(bar(1, 1'000'000, 10, false), "#");
    EXPECT_EQ(bar(100, 100, 3, true), "███");
    EXPECT_EQ(bar(50, 100, 3, true), "█▌");
    const std::uint64_t numbers[] = {0, 1, 500, 1000};
    EXPECT_EQ(spark_line(numbers, true), " ▁▄█");
    EXPECT_EQ(spark_line(numbers, false), " .=#");
}

TEST(TextSink, Bars) {
    Text text;
    text.sink().report(report_of({row_of("web", {{3 * kUs, 4000}, {5 * kUs, 2000}, {20 * kUs, 5}},
                                         in_flight_of(2, 81 * kMs))}));
    EXPECT_EQ(text.out(), R"(total, 5.0 s  waits: How long runnable threads wait for a CPU
container web: 6,005 waits
  2.05us..4.10us  4,000  ████████████████████████████████████████
  4.10us..8.19us  2,000  ████████████████████
  8.19us..16.4us      0
  16.4us..32.8us      5  ▏
  p50 3.07us  p90 5.12us  p99 5.12us  p99.9 5.12us  max 20.0us  avg 3.68us
  2 waiting now, the longest for 81.0ms: thread 48 (cat)
)");
}

TEST(TextSink, Table) {
    Text text;
    text.sink().report(report_of(four_rows()));
    EXPECT_EQ(text.out(), R"(total, 5.0 s  waits: How long runnable threads wait for a CPU
CONTAINER  COUNT     P50     P90     P99     MAX       IN FLIGHT  DISTRIBUTION 512ns..16.8ms
idle           0       -       -       -       -   1 (75.0s, 48)
web        4,711  3.07us  41.0us  9.00ms  9.00ms  2 (81.0ms, 48)    █   ▁       ▁
cache         12  2.05us  6.00us  6.00us  6.00us               0   █ ▂
db           900   800ns   800ns   800ns   800ns               0  █
)");
}

TEST(TextSink, WhatIsMeantToWaitComesAfterTheOthers) {
    Text text;
    auto rows = four_rows();
    rows[2].waits_by_nature = true;
    text.sink().report(report_of(rows));
    EXPECT_GT(text.out().find("\nidle"), text.out().find("\ndb"));
}

TEST(TextSink, OlderThanTheRun) {
    Text text({.view = View::table});
    InFlight older = in_flight_of(1, 5'000 * kMs);
    older.before_attach = 1;
    older.oldest_before_attach = true;
    text.sink().report(report_of({row_of("web", {}, older)}));
    EXPECT_NE(text.out().find("1 (>5.00s, 48)"), std::string::npos) << text.out();
}

TEST(TextSink, NamesNoThreadIfItIsNotKnownWhichOne) {
    InFlight objects = in_flight_of(3, 5'000 * kMs);
    objects.oldest_pid = objects.oldest_tid = 0;
    objects.oldest_comm.clear();
    Text table({.view = View::table});
    table.sink().report(report_of({row_of("web", {}, objects)}));
    EXPECT_NE(table.out().find("3 (5.00s)"), std::string::npos) << table.out();
    Text bars({.view = View::bars});
    bars.sink().report(report_of({row_of("web", {}, objects)}));
    EXPECT_NE(bars.out().find("5.00s\n"), std::string::npos) << bars.out();
    EXPECT_EQ(bars.out().find(": thread"), std::string::npos) << bars.out();
}

CountsReport counts_report() {
    CountsReport report;
    report.tool = "syscount";
    report.name = "calls";
    report.description = "system calls that returned";
    report.time = kTime;
    report.interval_s = 5;
    report.headings = {"CONTAINER", "SYSCALL"};
    report.columns = {{"calls"}, {"errors"}, {"total_ns", Unit::nanoseconds}};
    const auto add = [&](const char* call, std::vector<std::uint64_t> values) {
        CountsRow row;
        row.labels = {"web", call};
        row.key = {{"container", std::string("web")}, {"syscall", std::string(call)}};
        row.values = std::move(values);
        report.rows.push_back(row);
    };
    add("read", {17, 3, 12 * kUs});
    add("getppid", {3'000'017, 0, 900 * kMs});
    add("x\x1b[2J", {1, 1, 999});
    return report;
}

TEST(TextSink, Counts) {
    Text text;
    text.sink().report(counts_report());
    EXPECT_EQ(text.out(), R"(total, 5.0 s  calls: system calls that returned
CONTAINER  SYSCALL       CALLS  ERRORS   TOTAL
web        getppid   3,000,017       0   900ms
web        read             17       3  12.0us
web        x\x1b[2J          1       1   999ns
)");
}

TEST(TextSink, CountsLeaveOutWhatIsAskedFor) {
    Text text({.top = 1, .min_count = 2});
    text.sink().report(counts_report());
    EXPECT_EQ(text.out(), R"(total, 5.0 s  calls: system calls that returned
CONTAINER  SYSCALL      CALLS  ERRORS  TOTAL
web        getppid  3,000,017       0  900ms
1 more key, 17 calls (--top 0 shows all)
1 key left out, each with fewer than 2 calls, in all 1
)");
}

TEST(TextSink, TableInAscii) {
    Text text({.unicode = false});
    auto rows = four_rows();
    rows.push_back(row_of("容器", {{2 * kUs, 7}}));
    text.sink().report(report_of(rows));
    EXPECT_EQ(text.out(), R"(total, 5.0 s  waits: How long runnable threads wait for a CPU
CONTAINER     COUNT     P50     P90     P99     MAX       IN FLIGHT  DISTRIBUTION 512ns..16.8ms
idle              0       -       -       -       -   1 (75.0s, 48)
web           4,711  3.07us  41.0us  9.00ms  9.00ms  2 (81.0ms, 48)    #   .       .
cache            12  2.05us  6.00us  6.00us  6.00us               0   # :
\u5bb9\u5668      7  2.00us  2.00us  2.00us  2.00us               -   #
db              900   800ns   800ns   800ns   800ns               0  #
)");
}

TEST(TextSink, SeveralHeadingsAndOtherUnits) {
    Text text({.view = View::table});
    HistogramReport report = report_of({row_of("web", {{4096, 2}, {1 << 20, 1}})});
    report.headings = {"CONTAINER", "DISK"};
    report.rows[0].labels = {"web", "sda"};
    report.unit = Unit::bytes;
    text.sink().report(report);
    report.unit = Unit::count;
    report.rows[0].labels = {"", "sda", "too many"};
    text.sink().report(report);
    EXPECT_EQ(text.out(), R"(total, 5.0 s  waits: How long runnable threads wait for a CPU
CONTAINER  DISK  COUNT      P50      P90      P99      MAX  DISTRIBUTION 4.00KiB..2.00MiB
web        sda       3  4.50KiB  1.00MiB  1.00MiB  1.00MiB  █       ▄

total, 5.0 s  waits: How long runnable threads wait for a CPU
CONTAINER  DISK  COUNT    P50        P90        P99        MAX  DISTRIBUTION 4,096..2,097,152
-          sda       3  4,607  1,048,576  1,048,576  1,048,576  █       ▄
)");
}

TEST(TextSink, KeysWithAUnit) {
    for (const View view : {View::bars, View::table}) {
        Text text({.view = view});
        HistogramReport report = report_of({row_of("web", {{800, 1}})});
        report.headings = {"CONTAINER", "QUOTA", "SIZE"};
        report.rows[0].labels = {"web", Quantity{Unit::nanoseconds, 20'000'000},
                                 Quantity{Unit::bytes, 4096}};
        text.sink().report(report);
        EXPECT_EQ(lines_in(text.out())[view == View::bars ? 1 : 2].substr(0, 43),
                  view == View::bars ? "container web, quota 20.0ms, size 4.00KiB: "
                                     : "web        20.0ms  4.00KiB      1  800ns  8");
    }
}

TEST(TextSink, WithoutGrouping) {
    for (const View view : {View::bars, View::table}) {
        Text text({.view = view});
        HistogramReport report = report_of({row_of("", {{800, 1}})});
        report.headings.clear();
        report.rows[0].labels.clear();
        text.sink().report(report);
        EXPECT_EQ(lines_in(text.out())[1], view == View::bars
                                               ? "1 wait"
                                               : "COUNT    P50    P90    P99    MAX  DISTRIBUTION "
                                                 "512ns..1.02us");
    }
}

TEST(TextSink, TheOverflowHasNoEnd) {
    Text text;
    text.sink().report(report_of({row_of("web", {{std::uint64_t{1} << 42, 1}})}));
    EXPECT_EQ(lines_in(text.out())[2], "  36m39s..  1  ████████████████████████████████████████");
}

TEST(TextSink, NothingMeasured) {
    Text text;
    HistogramReport report = report_of({});
    report.scope = Scope::interval;
    report.interval_s = 0.25;
    text.sink().report(report);
    EXPECT_EQ(text.out(), "09:00:05, 0.25 s  waits: nothing was measured\n");
    EXPECT_EQ(text.errors(), "");
}

TEST(TextSink, TopSaysWhatIsMissing) {
    Text text({.view = View::table, .top = 1});
    text.sink().report(report_of(four_rows()));
    const auto lines = lines_in(text.out());
    ASSERT_EQ(lines.size(), 4U);
    // The thread that gets no CPU at all is in no percentile: its container is the worst.
    EXPECT_TRUE(lines[2].starts_with("idle"));
    EXPECT_EQ(
        lines[3],
        "3 more keys, 5,623 waits, 2 waiting now, the longest for 81.0ms (--top 0 shows all)");

    Text all({.view = View::table, .top = 0});
    all.sink().report(report_of(four_rows()));
    EXPECT_EQ(lines_in(all.out()).size(), 6U);
}

TEST(TextSink, MinCountSaysWhatIsMissing) {
    Text text({.min_count = 900});
    text.sink().report(report_of(four_rows()));
    const std::string out = text.out();
    EXPECT_TRUE(has(out, "container web: 4,711 waits"));
    EXPECT_TRUE(has(out, "container db: 900 waits"));
    EXPECT_FALSE(has(out, "cache"));
    EXPECT_EQ(lines_in(out).back(),
              "2 keys left out, each with fewer than 900 waits, in all 12, "
              "1 waiting now, the longest for 75.0s");

    Text none({.min_count = 5'000});
    none.sink().report(report_of(four_rows()));
    EXPECT_EQ(lines_in(none.out()).size(), 2U);
}

TEST(TextSink, ViewDependsOnTheNumberOfKeys) {
    for (const std::size_t keys : {1U, 3U, 4U}) {
        std::vector<HistogramRow> rows;
        for (std::size_t key = 0; key < keys; ++key) {
            rows.push_back(row_of("web" + std::to_string(key), kSome));
        }
        Text text;
        text.sink().report(report_of(rows));
        EXPECT_EQ(has(text.out(), "DISTRIBUTION"), keys > 3);
    }
}

TEST(TextSink, NamesakesAreToldApart) {
    const std::string first = std::string("3f0a1b2c3d4e") + std::string(52, '1');
    const std::string second = std::string("aa0a1b2c3d4e") + std::string(52, '2');
    Text text;
    HistogramRow read = row_of("web", kSome, {}, first);
    HistogramRow write = row_of("web", kSome, {}, second);
    text.sink().report(report_of({read, write, row_of("db", kSome)}));
    EXPECT_TRUE(has(text.out(), "container web (3f0a1b2c3d4e): 151 waits"));
    EXPECT_TRUE(has(text.out(), "container web (aa0a1b2c3d4e): 151 waits"));
    EXPECT_TRUE(has(text.out(), "container db: 151 waits"));

    // Without an id, the cgroup has to do.
    Text by_cgroup;
    read.key = {{"cgroup", std::string("/a")}};
    write.key = {{"cgroup", std::string("/b\n")}};
    by_cgroup.sink().report(report_of({read, write}));
    EXPECT_TRUE(has(by_cgroup.out(), "container web (/a): "));
    EXPECT_TRUE(has(by_cgroup.out(), "container web (/b\\x0a): "));

    // A cgroup that was removed and made again has its path, but not its number.
    Text by_number;
    read.key = {{"cgroup", std::string("/a")}, {"cgroup_id", std::uint64_t{17}}};
    write.key = {{"cgroup", std::string("/a")}, {"cgroup_id", std::uint64_t{18}}};
    by_number.sink().report(report_of({read, write}));
    EXPECT_TRUE(has(by_number.out(), "container web (17): "));
    EXPECT_TRUE(has(by_number.out(), "container web (18): "));
}

TEST(TextSink, NamesakesBelowAnotherHeadingAreToldApartThere) {
    Text text;
    HistogramReport report = report_of({row_of("web", kSome), row_of("web", kSome)});
    report.headings = {"CONTAINER", "CULPRIT"};
    report.other_cgroups = {{1, "culprit_"}};
    for (HistogramRow& each : report.rows) {
        each.labels = {"web", "db"};
    }
    report.rows[0].key.push_back({"culprit_container_id", std::string("3f0a1b2c3d4e")});
    report.rows[1].key.push_back({"culprit_container_id", std::string("aa0a1b2c3d4e")});
    text.sink().report(report);
    EXPECT_TRUE(has(text.out(), "container web, culprit db (3f0a1b2c3d4e): 151 waits"));
    EXPECT_TRUE(has(text.out(), "container web, culprit db (aa0a1b2c3d4e): 151 waits"));
}

TEST(TextSink, OneContainerInSeveralRowsIsNoNamesake) {
    Text text;
    HistogramReport report = report_of({row_of("web", kSome), row_of("web", kSome)});
    report.headings = {"CONTAINER", "SYSCALL"};
    report.rows[0].labels = {"web", "read"};
    report.rows[1].labels = {"web", "write"};
    text.sink().report(report);
    EXPECT_TRUE(has(text.out(), "container web, syscall read: 151 waits"));
    EXPECT_TRUE(has(text.out(), "container web, syscall write: 151 waits"));
}

TEST(TextSink, LossesAndTheEndGoToErrors) {
    Text text;
    text.sink().lost({"runqlat", kTime, "map_full", 12, "raise --max-keys"});
    text.sink().lost({"runqlat", kTime, "ring_full", 1, "read faster"});
    text.sink().end(
        {"runqlat", kTime, 5, 3, {{"map_full", 1'200}, {"other", 0}, {"ring_full", 1}}});
    EXPECT_EQ(text.out(), "");
    EXPECT_EQ(text.errors(),
              "tally: runqlat: lost 12: map_full: raise --max-keys\n"
              "tally: runqlat: lost 1: ring_full: read faster\n"
              "tally: runqlat: 3 began before tracing started and are not included\n"
              "tally: runqlat: lost in the whole run: map_full 1,200, ring_full 1\n");
}

TEST(TextSink, AnEndWithoutLossesIsSilent) {
    Text text;
    text.sink().end({"runqlat", kTime, 5, 0, {{"map_full", 0}}});
    EXPECT_EQ(text.out() + text.errors(), "");
}

TEST(TextSink, ColourIsForWholeLines) {
    Text text({.colour = true});
    text.sink().report(report_of(four_rows()));
    const auto lines = lines_in(text.out());
    EXPECT_TRUE(lines[0].starts_with("\x1b[2mtotal") && lines[0].ends_with("\x1b[0m"));
    EXPECT_TRUE(lines[2].starts_with("\x1b[1midle") && lines[2].ends_with("\x1b[0m"));
    EXPECT_FALSE(has(lines[3], "\x1b"));
}

/// Understands what LiveArea says, and fails on anything else.
class Terminal {
  public:
    Terminal(std::size_t columns, std::size_t rows) : columns_(columns), screen_(rows) {}

    void show(std::string_view bytes) {
        while (!bytes.empty()) {
            const CodePoint next = first_code_point(bytes);
            ASSERT_TRUE(next.valid);
            if (next.value == 0x1b) {
                const std::size_t end = bytes.find_first_not_of("0123456789", 2);
                ASSERT_TRUE(bytes.size() > 2 && bytes[1] == '[' && end != bytes.npos);
                const std::string number(bytes.substr(2, end - 2));
                obey(bytes[end], number.empty() ? 0 : std::stoul(number));
                bytes.remove_prefix(end + 1);
                continue;
            }
            if (next.value == '\n') {
                column_ = 0;
                down();
            } else if (next.value == '\r') {
                column_ = 0;
            } else {
                ASSERT_GE(next.value, 0x20U) << "a control character";
                put(bytes.substr(0, next.length));
            }
            bytes.remove_prefix(next.length);
        }
    }

    /// Everything ever shown, without the blank end of the screen.
    std::string text() const {
        std::string text = scrolled_;
        for (const auto& row : screen_) {
            text += line(row) + "\n";
        }
        text.erase(text.find_last_not_of('\n') + 1);
        return text.empty() ? text : text + "\n";
    }
    std::string scrolled() const { return scrolled_; }
    bool wrapped() const { return wrapped_; }

  private:
    using Row = std::vector<std::string>;

    static std::string line(const Row& row) {
        std::string text;
        for (const std::string& cell : row) {
            text += cell;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    }
    void obey(char command, std::size_t number) {
        switch (command) {
            case 'A':
                ASSERT_GT(number, 0U);
                row_ -= std::min(row_, number);
                break;
            case 'K':
                screen_[row_].resize(std::min(screen_[row_].size(), column_));
                break;
            case 'J':
                screen_[row_].resize(std::min(screen_[row_].size(), column_));
                for (std::size_t below = row_ + 1; below < screen_.size(); ++below) {
                    screen_[below].clear();
                }
                break;
            case 'm':
                break;
            default:
                FAIL() << "escape sequence " << command;
        }
    }
    void down() {
        if (row_ + 1 < screen_.size()) {
            ++row_;
            return;
        }
        scrolled_ += line(screen_.front()) + "\n";
        screen_.erase(screen_.begin());
        screen_.emplace_back();
    }
    void put(std::string_view character) {
        const std::size_t width = display_width(character);
        if (column_ + width > columns_) {
            wrapped_ = true;
            column_ = 0;
            down();
        }
        Row& row = screen_[row_];
        row.resize(std::max(row.size(), column_ + width), " ");
        if (width != 0) {
            row[column_] = character;
        }
        if (width == 2) {
            row[column_ + 1].clear();
        }
        column_ += width;
    }

    std::size_t columns_;
    std::vector<Row> screen_;
    std::string scrolled_;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    bool wrapped_ = false;
};

std::vector<HistogramRow> many_rows(std::size_t count, std::mt19937& random) {
    std::vector<HistogramRow> rows;
    for (std::size_t number = 0; number < count; ++number) {
        std::string name = "shop/checkout-" + std::to_string(number);
        for (std::size_t byte = random() % 60; byte > 0; --byte) {
            name += static_cast<char>(1 + random() % 255);
        }
        name += number % 3 == 0 ? "容器容器容器容器容器容器" : "";
        Values values;
        for (std::uint64_t value = 1 + random() % 5000; value < std::uint64_t{1} << (random() % 42);
             value *= 3) {
            values.emplace_back(value, 1 + random() % 100'000);
        }
        rows.push_back(
            row_of(name, values, in_flight_of(random() % 3, random() % 1'000'000'000'000)));
    }
    return rows;
}

TEST(TextSink, HostileNamesNeverReachTheTerminal) {
    const std::string hostile = "x\x1b[2J\n\xc2\x9b\xff\xe2\x80\xae";
    const std::string safe = "x\\x1b[2J\\x0a\\u009b\\xff\\u202e";
    for (const View view : {View::bars, View::table}) {
        Text text({.view = view, .min_count = 1});
        HistogramReport report = report_of(
            {row_of(hostile, kSome), row_of(hostile, {}), row_of(hostile, kSome, {}, "\x1b[31m")});
        report.tool = report.name = report.description = hostile;
        report.headings = {hostile};
        text.sink().report(report);
        text.sink().lost({hostile, kTime, hostile, 1, hostile});
        text.sink().end({hostile, kTime, 1, 1, {{hostile, 1}}});
        for (const std::string& all : {text.out(), text.errors()}) {
            EXPECT_TRUE(has(all, safe)) << all;
            for (const char byte : all) {
                EXPECT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20);
            }
            EXPECT_FALSE(has(all, "\xc2\x9b") || has(all, "\xe2\x80\xae"));
        }
        EXPECT_TRUE(has(text.out(), "(\\x1b[31m)")) << text.out();
    }
}

TEST(TextSink, LinesFitWhateverIsInThem) {
    std::mt19937 random(99);
    for (int round = 0; round < 60; ++round) {
        for (const View view : {View::bars, View::table}) {
            for (const bool terminal : {false, true}) {  // memory tells no size: 80 columns
                TextOptions options{.view = view, .terminal = terminal};
                options.unicode = round % 2 == 0;
                Text text(options);
                HistogramReport report = report_of(many_rows(random() % 12, random));
                if (round % 5 == 0) {
                    report.unit = Unit::count;
                    report.headings.push_back("SYSCALL");
                }
                text.sink().report(report);
                for (const std::string& line : lines_in(text.out())) {
                    EXPECT_LE(display_width(line), terminal ? 79U : 132U) << line;
                    EXPECT_FALSE(line.ends_with(' '));
                }
            }
        }
    }
}

TEST(Live, NeedsATerminal) {
    Text text;
    text.sink().live(report_of(four_rows()));
    EXPECT_EQ(text.out(), "");
}

TEST(Live, EndsAsIfItHadNeverBeen) {
    std::mt19937 random(5);
    for (int round = 0; round < 40; ++round) {
        Text live({.terminal = true});
        Text plain({.terminal = true});
        // Something is on the screen already, and has to stay.
        live.sink().report(report_of(four_rows()));
        plain.sink().report(report_of(four_rows()));
        for (int picture = 0; picture < 4; ++picture) {
            live.sink().live(report_of(many_rows(random() % 40, random)));
        }
        const HistogramReport last = report_of(many_rows(random() % 10, random));
        switch (round % 3) {
            case 0:
                live.sink().report(last);
                plain.sink().report(last);
                break;
            case 1:
                live.sink().lost({"t", kTime, "map_full", 1, "advice"});
                break;
            default:
                live.sink().end({"t", kTime, 1, 0, {}});
        }
        Terminal with_live(80, 24);
        Terminal without(80, 24);
        with_live.show(live.out());
        without.show(plain.out());
        EXPECT_FALSE(with_live.wrapped());
        // The picture may have scrolled the screen, but nothing is gone and nothing is left of it.
        EXPECT_EQ(with_live.text(), without.text());
    }
}

TEST(Live, DrawsOverTheFormerPicture) {
    Text text({.terminal = true});
    Terminal terminal(80, 24);
    HistogramReport report = report_of(four_rows());
    text.sink().live(report);
    report.rows.resize(2);
    report.rows[0].labels = {"shorter"};
    report.interval_s = 6;
    text.sink().live(report);
    terminal.show(text.out());
    EXPECT_EQ(terminal.text(), R"(so far, 6.0 s  waits: How long runnable threads wait for a CPU
container web: 4,711 waits
  2.05us..4.10us  4,000  ████████████████████████████████████████
  4.10us..8.19us      0
  8.19us..16.4us      0
  16.4us..32.8us      0
  32.8us..65.5us    600  ██████
  65.5us..131us       0
   131us..262us       0
   262us..524us       0
   524us..1.05ms      0
  1.05ms..2.10ms      0
  2.10ms..4.19ms      0
  4.19ms..8.39ms      0
  8.39ms..16.8ms    111  █▏
  p50 3.07us  p90 41.0us  p99 9.00ms  p99.9 9.00ms  max 9.00ms  avg 220us
  2 waiting now, the longest for 81.0ms: thread 48 (cat)

container shorter: 900 waits
  512ns..1.02us  900  ████████████████████████████████████████
  p50 800ns  p90 800ns  p99 800ns  p99.9 800ns  max 800ns  avg 800ns
)");
}

TEST(Live, NeverScrollsItselfAway) {
    std::mt19937 random(6);
    for (const std::optional<View> view :
         {std::optional<View>(), std::optional(View::bars), std::optional(View::table)}) {
        for (const std::size_t keys : {0U, 1U, 3U, 21U, 22U, 23U, 500U}) {
            TextOptions options{.view = view, .terminal = true};
            options.top = keys == 500 ? std::optional<std::size_t>(100) : std::nullopt;
            Text text(options);
            const HistogramReport report = report_of(many_rows(keys, random));
            text.sink().live(report);
            text.sink().live(report);
            Terminal terminal(80, 24);
            terminal.show(text.out());
            EXPECT_EQ(terminal.scrolled(), "");
            EXPECT_FALSE(terminal.wrapped());
            if (view != View::bars || keys > 21) {  // the heights of bars are random
                EXPECT_EQ(has(terminal.text(), " more"), keys > 21) << terminal.text();
            }
        }
    }
}

TEST(Live, SeveralHistogramsShareTheScreen) {
    Text text({.view = View::table, .terminal = true});
    std::mt19937 random(8);
    for (int picture = 0; picture < 3; ++picture) {
        for (const char* name : {"waits", "throttles"}) {
            HistogramReport report = report_of(many_rows(30, random));
            report.name = name;
            text.sink().live(report);
        }
    }
    Terminal terminal(80, 24);
    terminal.show(text.out());
    EXPECT_TRUE(has(terminal.text(), "waits: ")) << terminal.text();
    EXPECT_TRUE(has(terminal.text(), "throttles: ")) << terminal.text();
    EXPECT_EQ(terminal.scrolled(), "");
}

TEST(Live, AHighDiagramKeepsItsSlowEnd) {
    Text text({.view = View::bars, .terminal = true});
    Values values;
    for (std::uint64_t value = 1; value < std::uint64_t{1} << 40; value *= 2) {
        values.emplace_back(value, 1);
    }
    text.sink().live(report_of({row_of("web", values)}));
    Terminal terminal(80, 24);
    terminal.show(text.out());
    const auto lines = lines_in(terminal.text());
    ASSERT_EQ(lines.size(), 23U);
    EXPECT_EQ(lines[1], "container web: 40 waits");
    EXPECT_EQ(lines[2], "  ...");
    EXPECT_TRUE(has(lines[21], "9m10s..18m20s")) << lines[21];
    EXPECT_TRUE(has(lines[22], "p99.9")) << lines[22];
}

TEST(Live, KnowsTheSizeOfTheTerminal) {
    FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) {
        GTEST_SKIP() << "no pseudo terminals here";
    }
    char name[64] = "";
    ASSERT_EQ(::ptsname_r(master.get(), name, sizeof name), 0);
    FileDescriptor slave(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(slave);
    winsize size{};
    size.ws_col = 47;
    size.ws_row = 9;
    ASSERT_EQ(::ioctl(slave.get(), TIOCSWINSZ, &size), 0);
    EXPECT_EQ(terminal_size(slave.get()).columns, 47U);
    EXPECT_EQ(terminal_size(slave.get()).rows, 9U);

    std::string got;
    std::thread reader([&] {
        char chunk[4096];
        for (ssize_t bytes = 0; (bytes = ::read(master.get(), chunk, sizeof chunk)) > 0;) {
            got.append(chunk, static_cast<std::size_t>(bytes));
        }
    });
    {
        OutputFile out(slave.get(), "stdout");
        OutputFile errors(-1, "stderr");
        const auto sink = make_sink(Format::text, TextOptions{.terminal = true}, out, errors);
        std::mt19937 random(7);
        for (const std::size_t keys : {30U, 2U, 30U}) {
            sink->live(report_of(many_rows(keys, random)));
        }
    }
    slave.reset();
    reader.join();
    Terminal terminal(47, 9);
    terminal.show(got);
    EXPECT_EQ(terminal.scrolled(), "");
    EXPECT_FALSE(terminal.wrapped());
    EXPECT_TRUE(has(terminal.text(), " more")) << terminal.text();
}

}  // namespace
}  // namespace tally
