// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Events in each format, and that what comes from others can be told again.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "output/escape.h"
#include "output/make_sink.h"
#include "output/record_members.h"

namespace tally {
namespace {

constexpr UnixNanoseconds kTime = 1'795'338'005'000'000'042;  // 2026-11-22T09:00:05

using std::string_literals::operator""s;

/// ESC, newline, tab, quotes, backslash, a bidirectional override, and a byte that is no UTF-8.
const std::string kHostile = "=\x1b[2J\n\t\"'\\\xe2\x80\xae\xff"s;

const EventShape kShape{"execsnoop",
                        "execs",
                        "programs that begin",
                        {"container", "cgroup"},
                        {{"error", Unit::count, 9, false},
                         {"took_ns", Unit::nanoseconds, 8, true},
                         {"below", Unit::count, 6, true},
                         {"yes", Unit::count, 5, false},
                         {"began", Unit::count, 12, false},
                         {"file", Unit::count, 24, false},
                         {"arguments", Unit::count, 24, false},
                         {"arguments_cut", Unit::count, 5, false, true}}};

const EventOwner kWeb{1, "web", {{"container", "web"s}, {"cgroup", "/docker/3f"s}}};

class Output {
  public:
    explicit Output(Format format)
        : file_(::memfd_create("out", MFD_CLOEXEC)),
          out_(file_.get(), "stdout"),
          errors_(-1, "stderr"),
          sink_(make_sink(format, {}, out_, errors_)) {
        ::setenv("TZ", "UTC", 1);
        sink_->begin_events({kShape});
    }

    void event(const std::vector<EventValue>& values, const EventOwner& owner = kWeb,
               std::string_view comm = "sh", std::uint32_t tid = 618) {
        sink_->event({kShape, kTime, owner, tid == 0 ? 0U : 612U, tid, comm, values});
        sink_->flush();
    }

    std::string text() const {
        std::string all(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
        EXPECT_EQ(::pread(file_.get(), all.data(), all.size(), 0),
                  static_cast<ssize_t>(all.size()));
        return all;
    }

  private:
    FileDescriptor file_;
    OutputFile out_;
    OutputFile errors_;
    std::unique_ptr<Sink> sink_;
};

const std::vector<EventValue> kValues{std::string_view("ENOENT"),
                                      std::uint64_t{1500},
                                      std::int64_t{-5},
                                      true,
                                      Moment{kTime},
                                      std::string_view("/bin/sh"),
                                      Words{"sh"},
                                      false};

TEST(Events, JsonIsFlatAndInOrder) {
    Output output(Format::json);
    output.event({std::string_view("ENOENT"), std::uint64_t{1500}, std::int64_t{-5}, true,
                  Moment{kTime}, std::string_view("/bin/sh"),
                  Words{std::string_view("sh\0-c\0\0a b\0", 11)}, false});
    EXPECT_EQ(output.text(),
              "{\"schema\":1,\"type\":\"event\",\"tool\":\"execsnoop\",\"name\":\"execs\","
              "\"time\":\"2026-11-22T09:00:05.000000042Z\",\"container\":\"web\","
              "\"cgroup\":\"/docker/3f\",\"pid\":612,\"tid\":618,\"comm\":\"sh\","
              "\"error\":\"ENOENT\",\"took_ns\":1500,\"below\":-5,\"yes\":true,"
              "\"began\":\"2026-11-22T09:00:05.000000042Z\",\"file\":\"/bin/sh\","
              "\"arguments\":[\"sh\",\"-c\",\"\",\"a b\"],\"arguments_cut\":false}\n");
}

TEST(Events, AThreadThatIsNotKnownIsNull) {
    Output json(Format::json), csv(Format::csv), text(Format::text);
    for (Output* each : {&json, &csv, &text}) {
        each->event(kValues, kWeb, "", 0);
    }
    EXPECT_NE(json.text().find("\"pid\":null,\"tid\":null,\"comm\":null,\"error\":\"ENOENT\""),
              std::string::npos);
    EXPECT_NE(csv.text().find(",web,/docker/3f,,,,ENOENT,"), std::string::npos);
    EXPECT_NE(text.text().find("  web                     -  -                ENOENT"),
              std::string::npos);
}

TEST(Events, WhatIsNotKnownIsNull) {
    Output output(Format::json);
    output.event(std::vector<EventValue>(8));
    EXPECT_NE(output.text().find("\"error\":null,\"took_ns\":null,\"below\":null,\"yes\":null,"
                                 "\"began\":null,\"file\":null,\"arguments\":null,"
                                 "\"arguments_cut\":null}"),
              std::string::npos);
    Output csv(Format::csv);
    csv.event(std::vector<EventValue>(8));
    EXPECT_TRUE(csv.text().ends_with(",612,618,sh,,,,,,,,\n")) << csv.text();
}

TEST(Events, HaveTheirOwnersNameAsItIsByNow) {
    Output output(Format::json);
    output.event(kValues);
    output.event(kValues, {2, "new", {{"container", "new"s}, {"cgroup", {}}}});
    output.event(kValues);
    const std::string text = output.text();
    EXPECT_NE(text.find("\"container\":\"new\",\"cgroup\":null"), std::string::npos);
    EXPECT_NE(text.rfind("\"web\""), text.find("\"web\""));
}

TEST(Events, JsonGivesHostileBytesBack) {
    Output output(Format::json);
    std::vector<EventValue> values = kValues;
    const std::string words = kHostile + '\0' + kHostile + '\0';
    values[5] = std::string_view(kHostile);
    values[6] = Words{words};
    output.event(values, kWeb, kHostile);
    const std::string text = output.text();
    for (const char each : text.substr(0, text.size() - 1)) {
        EXPECT_GE(static_cast<unsigned char>(each), 0x20);
    }
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
    rapidjson::Document record;
    record.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size() - 1);
    ASSERT_FALSE(record.HasParseError());
    const std::string expected = kHostile.substr(0, kHostile.size() - 1) + "\\xff";
    EXPECT_EQ(record["file"].GetString(), expected);
    EXPECT_EQ(record["comm"].GetString(), expected);
    ASSERT_EQ(record["arguments"].Size(), 2U);
    EXPECT_EQ(record["arguments"][1].GetString(), expected);
}

TEST(Events, CsvHasAColumnForEachMember) {
    Output output(Format::csv);
    std::vector<EventValue> values = kValues;
    const std::string words = "=sh\0-c\0\0a, b\0"s;
    values[5] = std::string_view(kHostile);
    values[6] = Words{words};
    output.event(values);
    EXPECT_EQ(output.text(),
              "schema,type,tool,name,time,container,cgroup,pid,tid,comm,error,took_ns,below,yes,"
              "began,file,arguments,arguments_cut\n"
              "1,event,execsnoop,execs,2026-11-22T09:00:05.000000042Z,web,/docker/3f,612,618,sh,"
              "ENOENT,1500,-5,true,2026-11-22T09:00:05.000000042Z,"
              "\"\\x3d\\x1b[2J\\x0a\\x09\"\"'\\\\\\u202e\\xff\","
              "\"\\x3dsh -c \"\"\"\" \"\"a, b\"\"\",false\n");
}

TEST(Events, TextIsOneHarmlessLine) {
    Output output(Format::text);
    std::vector<EventValue> values = kValues;
    const std::string words = "sh\0"s + kHostile + "\0rest"s;
    values[6] = Words{words};
    values[7] = true;
    output.event(values, {2, kHostile, {}}, kHostile);
    const std::string text = output.text();
    EXPECT_TRUE(text.starts_with(
        "TIME          CONTAINER             PID  COMM             ERROR          TOOK   BELOW  "
        "YES    BEGAN         FILE                      ARGUMENTS\n"
        "09:00:05.000  "))
        << text;
    EXPECT_NE(text.find("1.50us"), std::string::npos);
    EXPECT_TRUE(text.ends_with("  sh \"=\\x1b[2J\\x0a\\x09\\x22'\\\\\\u202e\\xff\" rest ...\n"))
        << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

/// What docs/output.md says of words in CSV and text.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size(); ++at) {  // over the blank
        const bool quoted = text[at] == '"';
        const std::size_t begin = at + (quoted ? 1 : 0);
        const std::size_t end = std::min(text.find(quoted ? '"' : ' ', begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        at = end + (quoted ? 1 : 0);
    }
    return words;
}

TEST(EscapeWords, CanBeToldAgain) {
    const auto escaped = [](const std::string& bytes) {
        return words_of(escape_words(Words{bytes}, false));
    };
    EXPECT_EQ(escaped(""), (std::vector<std::string>{}));
    EXPECT_EQ(escaped("\0"s), (std::vector<std::string>{""}));
    EXPECT_EQ(escaped("\0\0"s), (std::vector<std::string>{"", ""}));
    EXPECT_EQ(escaped("a b\0\"\0c\0"s), (std::vector<std::string>{"a b", "\\x22", "c"}));
    EXPECT_EQ(escaped("\\x22\0"s), (std::vector<std::string>{"\\\\x22"}));
    EXPECT_EQ(escape_words(Words{"\xc3\xa4"}, true), "\\u00e4");
}

TEST(Timestamps, AreThoseOfTimestamp) {
    Timestamps timestamps;
    for (const UnixNanoseconds time : {UnixNanoseconds{0}, kTime, kTime + 1, kTime + 999'999'957,
                                       kTime + 1'000'000'000, kTime, UnixNanoseconds{7}}) {
        EXPECT_EQ(timestamps.of(time), timestamp(time));
    }
}

}  // namespace
}  // namespace tally
