// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The command line of several tools that run together, and where they write.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "fields/field_type.h"
#include "session/outputs.h"
#include "util/error.h"

namespace tally {
namespace {

using Words = std::vector<std::string>;

HistogramSchema histogram(const std::string& name, const std::string& own_key) {
    HistogramSchema schema;
    schema.name = name;
    schema.key = {{"cgroup", &field_type("cgroup_id"), 0, 8},
                  {"pid", &field_type("pid_nr"), 8, 4},
                  {"tid", &field_type("tid_nr"), 12, 4},
                  {"comm", &field_type("comm"), 16, 16},
                  {own_key, &field_type("unsigned integer"), 32, 8}};
    schema.key_size = 48;
    schema.shard_offset = 40;
    return schema;
}

/// Two that measure, one that tells events, and one that can do both.
class SeveralTools : public testing::Test {
  protected:
    void SetUp() override {
        waits_.summary = "Waits";
        waits_.options.push_back({"min-us", "min_us", false, 0, ~0ULL, "shorter ones"});
        waits_.histograms.push_back(histogram("waits", "queue"));
        calls_.summary = "Calls";
        calls_.by = {"container", "call"};
        calls_.options.push_back({"min-us", "least_us", false, 0, 1000, "shorter ones"});
        calls_.options.push_back({"errors-only", "errors_only", true, 0, 1, "only errors"});
        calls_.selections.push_back({"call",
                                     "s",
                                     "only this one",
                                     "calls_wanted",
                                     "by_call",
                                     {"", &field_type("unsigned integer"), 0, 4}});
        calls_.histograms.push_back(histogram("calls", "call"));
        opens_.summary = "Opens";
        opens_.selections.push_back({"suffix",
                                     "s",
                                     "only this one",
                                     "suffixes",
                                     "by_suffix",
                                     {"", &field_type("unsigned integer"), 0, 4}});
        opens_.events.emplace_back();
        both_.summary = "Both";
        both_.histograms.push_back(histogram("things", "thing"));
        both_.events.emplace_back();
        both_.options.push_back({"loud", "loud", true, 0, 1, "louder events"});
        both_.only_events = {"loud"};
    }

    std::variant<Request, HelpText> read(const std::vector<ChosenTool>& tools, Words words) {
        return parse_tool_arguments(tools, std::move(words));
    }
    Request parse(const std::vector<ChosenTool>& tools, Words words) {
        return std::get<Request>(read(tools, std::move(words)));
    }
    std::string refusal(const std::vector<ChosenTool>& tools, Words words) {
        try {
            read(tools, std::move(words));
        } catch (const UsageError& error) {
            return error.what();
        }
        ADD_FAILURE() << "not refused";
        return "";
    }

    Tool waits_tool_{"waitlat", {}, "", {}};
    Tool calls_tool_{"calllat", {}, "", {}};
    Tool opens_tool_{"opens", {}, "", {}};
    Tool both_tool_{"both", {}, "", {}};
    TracerSchema waits_, calls_, opens_, both_;
    ChosenTool waits() { return {waits_tool_, waits_}; }
    ChosenTool calls() { return {calls_tool_, calls_}; }
    ChosenTool opens() { return {opens_tool_, opens_}; }
    ChosenTool both() { return {both_tool_, both_}; }
};

TEST_F(SeveralTools, EachIsGroupedByWhatItDeclaresOrWasTyped) {
    const auto by = [&](const Words& words) {
        const Request request = parse({waits(), calls(), opens()}, words);
        EXPECT_EQ(request.tracers.size(), 3U);
        EXPECT_TRUE(request.tracers[2].by.empty());
        return std::pair(request.tracers[0].by, request.tracers[1].by);
    };
    EXPECT_EQ(by({}), std::pair(Words{"container"}, Words({"container", "call"})));
    EXPECT_EQ(by({"--by", "pod,comm"}), std::pair(Words({"pod", "comm"}), Words({"pod", "comm"})));
    EXPECT_EQ(by({"--by", "calllat:call,pid"}),
              std::pair(Words{"container"}, Words({"call", "pid"})));
    EXPECT_EQ(by({"--by", "waitlat:queue", "--by", "pid", "--by", "comm"}),
              std::pair(Words{"queue"}, Words({"pid", "comm"})));
}

TEST_F(SeveralTools, AKeyMustBeOneOfEachThatItIsFor) {
    EXPECT_EQ(refusal({waits(), calls()}, {"--by", "container,call"}).find("waitlat: --by call: "),
              0U);
    EXPECT_EQ(refusal({waits(), opens()}, {"--by", "opens:pid"}),
              "--by opens:pid: 'opens' is none of the tools here that measure by key");
    EXPECT_NE(refusal({waits(), calls()}, {"--by", "calllat:"}).find("calllat: --by"),
              std::string::npos);
}

TEST_F(SeveralTools, AnOwnOptionIsOfThoseThatDeclareIt) {
    const Request request =
        parse({waits(), calls(), opens()}, {"--min-us", "7", "--errors-only", "--call", "3,4"});
    using Options = std::map<std::string, std::uint64_t>;
    EXPECT_EQ(request.tracers[0].options, (Options{{"min_us", 7}}));
    EXPECT_EQ(request.tracers[1].options, (Options{{"least_us", 7}, {"errors_only", 1}}));
    EXPECT_TRUE(request.tracers[2].options.empty());
    EXPECT_TRUE(request.tracers[0].selections.empty());
    EXPECT_EQ(request.tracers[1].selections.at("calls_wanted"), (std::vector<std::uint64_t>{3, 4}));
    EXPECT_NE(refusal({waits(), calls()}, {"--min-us", "1001"}).find("1000"), std::string::npos);
    EXPECT_NE(refusal({waits(), opens()}, {"--errors-only"}).find("--errors-only"),
              std::string::npos);
}

TEST_F(SeveralTools, ALetterOfTwoMeaningsHasNone) {
    EXPECT_EQ(parse({waits(), calls()}, {"-s", "3"}).tracers[1].selections.size(), 1U);
    EXPECT_NE(refusal({calls(), opens()}, {"-s", "3"}).find("-s"), std::string::npos);
    EXPECT_EQ(parse({calls(), opens()}, {"--suffix", "3"}).tracers[1].selections.size(), 1U);
}

TEST_F(SeveralTools, IntervalsAreOfThoseThatMeasure) {
    EXPECT_DOUBLE_EQ(parse({waits(), opens()}, {"2"}).interval->count(), 2);
    EXPECT_EQ(parse({opens(), both()}, {"--events"}).tracers[1].tells_events, true);
    EXPECT_EQ(parse({opens(), both()}, {"5"}).tracers[1].tells_events, false);
    EXPECT_NE(refusal({opens(), both()}, {"--events", "5"}).find("opens,both --events prints"),
              std::string::npos);
    const Request request =
        parse({waits(), opens(), both()}, {"--max-keys", "9", "--ring-size", "1M", "--own-events"});
    EXPECT_EQ(request.tracers[0].max_keys, 9U);
    EXPECT_FALSE(request.tracers[1].max_keys);
    EXPECT_EQ(request.tracers[1].ring_size, 1U << 20);
    EXPECT_TRUE(request.tracers[1].own_events);
    EXPECT_FALSE(request.tracers[0].own_events);
}

TEST_F(SeveralTools, AnOptionOfEventsIsForThoseThatTellThem) {
    const std::string sentence = "--loud applies only to events: add --events";
    EXPECT_EQ(refusal({both()}, {"--loud"}), sentence);
    EXPECT_EQ(refusal({waits(), both(), opens()}, {"--loud"}), sentence);
    const std::map<std::string, std::uint64_t> loud{{"loud", 1}};
    EXPECT_EQ(parse({waits(), both()}, {"--loud", "--events"}).tracers[1].options, loud);

    // A further name of the same object, which always tells events.
    const Tool name{"loudones", {}, "", {}};
    TracerSchema always = both_;
    always.histograms.clear();
    const Request request = parse({both(), {name, always}}, {"--loud"});
    EXPECT_TRUE(request.tracers[0].options.empty());
    EXPECT_EQ(request.tracers[1].options, loud);
}

TEST_F(SeveralTools, CsvTakesAFileForEach) {
    const std::string sentence =
        "CSV of several tools takes a file for each: -O DIR/ writes DIR/TOOL.csv";
    EXPECT_EQ(refusal({waits(), calls()}, {"-o", "csv"}), sentence);
    EXPECT_EQ(refusal({waits(), calls()}, {"-o", "csv", "-O", "/tmp/a.csv"}), sentence);
    EXPECT_NO_THROW(parse({waits(), calls()}, {"-o", "csv", "-O", "/tmp"}));
    EXPECT_NO_THROW(parse({waits(), calls()}, {"-o", "csv", "-O", "nowhere/"}));
    EXPECT_NO_THROW(parse({waits()}, {"-o", "csv"}));
}

TEST_F(SeveralTools, TheHelpNamesThemAll) {
    const std::string help = std::get<HelpText>(read({waits(), calls()}, {"--help"})).text;
    for (const char* part :
         {"waitlat: Waits", "calllat: Calls", "Usage: tally waitlat,calllat [OPTIONS] [INTERVAL",
          "Options of waitlat, calllat:", "Options of calllat:", "--by [TOOL:]KEY[,KEY]"}) {
        EXPECT_NE(help.find(part), std::string::npos) << part;
    }
}

class OutputsTest : public testing::Test {
  protected:
    OutputsTest() {
        std::string name = testing::TempDir() + "tally-outputs-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~OutputsTest() override { std::filesystem::remove_all(folder_); }

    std::string content(const std::string& name) const {
        std::ifstream file(folder_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path folder_;
    const Words tools_{"waitlat", "calllat"};
};

TEST_F(OutputsTest, AFolderHasAFileForEachTool) {
    for (const auto& [format, ending] :
         {std::pair(Format::text, ".txt"), std::pair(Format::json, ".json")}) {
        Request request;
        request.format = format;
        request.output_file = folder_.string();
        Outputs outputs(request, tools_);
        EXPECT_EQ(outputs.fds().size(), 2U);
        HistogramReport report;
        report.tool = "calllat";
        report.name = "calls";
        report.rows.emplace_back().histogram.add(5, 2);
        outputs.sink_of(1).report(report);
        EXPECT_EQ(content(std::string("waitlat") + ending), "");
        const std::string text = content(std::string("calllat") + ending);
        EXPECT_NE(text.find("calls"), std::string::npos) << text;
        EXPECT_EQ(text.find("calllat calls"), std::string::npos) << text;
    }
}

TEST_F(OutputsTest, OneFileHasTheTablesOfAllWithTheirNames) {
    Request request;
    request.output_file = (folder_ / "all").string();
    Outputs outputs(request, tools_);
    EXPECT_EQ(&outputs.sink_of(0), &outputs.sink_of(1));
    for (std::size_t i = 0; i < tools_.size(); ++i) {
        HistogramReport report;
        report.tool = tools_[i];
        report.name = "times";
        outputs.sink_of(i).report(report);
    }
    const std::string text = content("all");
    EXPECT_NE(text.find("waitlat times: nothing was measured"), std::string::npos) << text;
    EXPECT_NE(text.find("calllat times: nothing was measured"), std::string::npos) << text;
}

TEST_F(OutputsTest, AFolderThatIsNotThereIsSaid) {
    Request request;
    request.format = Format::csv;
    request.output_file = (folder_ / "nowhere").string() + "/";
    try {
        const Outputs outputs(request, tools_);
        ADD_FAILURE() << "created";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("nowhere/waitlat.csv: No such file"),
                  std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace tally
