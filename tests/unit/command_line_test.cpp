// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "util/error.h"

namespace tally {
namespace {

TracerSchema a_schema() {
    TracerSchema schema;
    schema.summary = "Summary";
    schema.options.push_back({"min-us", "min_us", false, 0, ~0ULL, "shorter ones are left out"});
    schema.options.push_back({"small", "small", false, 7, 0xffffffff, "a small number"});
    schema.options.push_back({"only-late", "only_late", true, 0, 1, "a flag"});
    HistogramSchema histogram;
    histogram.name = "waits";
    histogram.key = {{"cgroup", SemanticType::cgroup, 0, 8},
                     {"pid", SemanticType::pid, 8, 4},
                     {"tid", SemanticType::tid, 12, 4},
                     {"comm", SemanticType::comm, 16, 16},
                     {"disk", SemanticType::number, 32, 8}};
    histogram.key_size = 48;
    histogram.shard_offset = 40;
    schema.histograms.push_back(histogram);
    return schema;
}

const Tool kTool{"sometool", {}, "A description.", {{"tally sometool 1", "each second"}}};

Request parse(const std::vector<std::string>& arguments) {
    return std::get<Request>(parse_tool_arguments(kTool, a_schema(), arguments));
}

/// The sentence of a command line that must be refused.
std::string refusal(const std::vector<std::string>& arguments) {
    try {
        parse_tool_arguments(kTool, a_schema(), arguments);
    } catch (const UsageError& error) {
        EXPECT_EQ(error.status(), ExitStatus::usage);
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Of a tool that can also tell events: what comes of a command line, or why it is refused.
Request parse_of_both(const std::vector<std::string>& arguments) {
    TracerSchema schema = a_schema();
    schema.events.emplace_back();
    return std::get<Request>(parse_tool_arguments(kTool, schema, arguments));
}

std::string refusal_of_both(const std::vector<std::string>& arguments) {
    try {
        parse_of_both(arguments);
    } catch (const UsageError& error) {
        return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
}

TEST(CommandLine, DefaultsAreByContainerAsTextWithoutEnd) {
    const Request request = parse({});
    EXPECT_EQ(request.tracers[0].by, std::vector<std::string>{"container"});
    EXPECT_EQ(request.format, Format::text);
    EXPECT_FALSE(request.interval || request.count || request.duration ||
                 request.tracers[0].max_keys);
    EXPECT_FALSE(request.strict);
    EXPECT_TRUE(request.target.containers.empty());
    EXPECT_TRUE(request.tracers[0].options.empty());
}

TEST(CommandLine, IntervalAndCountStandAlone) {
    const Request request = parse({"--json", "0.5", "10"});
    EXPECT_EQ(request.format, Format::json);
    EXPECT_DOUBLE_EQ(request.interval->count(), 0.5);
    EXPECT_EQ(request.count, 10U);
}

TEST(CommandLine, BehindTwoDashesIsTheCommand) {
    const Request request = parse({"--json", "0.5", "--", "grep", "--json", "-c", "--", "x"});
    EXPECT_EQ(request.format, Format::json);
    EXPECT_DOUBLE_EQ(request.interval->count(), 0.5);
    EXPECT_TRUE(request.target.containers.empty());
    EXPECT_EQ(request.command, (std::vector<std::string>{"grep", "--json", "-c", "--", "x"}));
    EXPECT_TRUE(parse({"5"}).command.empty());
    EXPECT_TRUE(says(refusal({"5", "--"}), "COMMAND is missing after '--'"));
}

TEST(CommandLine, ARepeatedOptionTakesOneValueEachTime) {
    // A greedy option would swallow the interval.
    const Request request = parse({"-c", "web", "--container", "a*", "-p", "1", "-p", "2", "-t",
                                   "3", "--comm", "sh", "--cgroup", "/x", "5"});
    EXPECT_EQ(request.target.containers, (std::vector<std::string>{"web", "a*"}));
    EXPECT_EQ(request.target.pids, (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(request.target.tids, (std::vector<std::uint32_t>{3}));
    EXPECT_EQ(request.target.comms, std::vector<std::string>{"sh"});
    EXPECT_EQ(request.target.cgroups, std::vector<std::string>{"/x"});
    EXPECT_DOUBLE_EQ(request.interval->count(), 5);
}

TEST(CommandLine, NamesAreTakenAsTheyAre) {
    const Request request = parse({"-c", "\x1b[2J\xff \"x\"", "--container=-dash"});
    EXPECT_EQ(request.target.containers, (std::vector<std::string>{"\x1b[2J\xff \"x\"", "-dash"}));
}

TEST(CommandLine, SeveralKeysWithCommas) {
    EXPECT_EQ(parse({"--by", "container,comm"}).tracers[0].by,
              (std::vector<std::string>{"container", "comm"}));
    EXPECT_EQ(parse({"--by", "disk"}).tracers[0].by, std::vector<std::string>{"disk"});
    EXPECT_EQ(parse({"--by", "none"}).tracers[0].by, std::vector<std::string>{"none"});
}

TEST(CommandLine, OptionsOfTheToolComeFromItsSchema) {
    const Request request = parse({"--min-us", "18446744073709551615", "--only-late"});
    EXPECT_EQ(request.tracers[0].options.at("min_us"), ~0ULL);
    EXPECT_EQ(request.tracers[0].options.at("only_late"), 1U);
    EXPECT_TRUE(says(refusal({"--small", "4294967296"}), "--small"));
    EXPECT_TRUE(says(refusal({"--min-us", "-1"}), "--min-us"));
    EXPECT_TRUE(says(refusal({"--min-us", "x"}), "--min-us"));
}

TEST(CommandLine, RefusesInOneSentence) {
    EXPECT_TRUE(says(refusal({"--nonsense"}), "--nonsense"));
    EXPECT_TRUE(says(refusal({"0"}), "INTERVAL"));
    EXPECT_TRUE(says(refusal({"-1"}), "-1"));
    EXPECT_TRUE(says(refusal({"soon"}), "soon"));
    EXPECT_TRUE(says(refusal({"nan"}), "INTERVAL"));
    EXPECT_TRUE(says(refusal({"1", "0"}), "COUNT"));
    EXPECT_TRUE(says(refusal({"1", "2", "3"}), "3"));
    EXPECT_TRUE(says(refusal({"-d", "0"}), "--duration"));
    EXPECT_TRUE(says(refusal({"-d", "inf"}), "--duration"));
    EXPECT_TRUE(says(refusal({"-p", "0"}), "--pid"));
    EXPECT_TRUE(says(refusal({"-p", "12x"}), "--pid"));
    EXPECT_TRUE(says(refusal({"-t", "99999999"}), "--tid"));
    EXPECT_TRUE(says(refusal({"-o", "xml"}), "xml"));
    EXPECT_TRUE(says(refusal({"--view", "pie"}), "pie"));
    EXPECT_TRUE(says(refusal({"--max-keys", "0"}), "--max-keys"));
    EXPECT_TRUE(says(refusal({"--ready-fd", "999"}), "--ready-fd"));
    EXPECT_TRUE(says(refusal({"-c"}), "--container"));
}

TEST(CommandLine, NamesTheOptionThatWasProbablyMeant) {
    EXPECT_TRUE(says(refusal({"--durration", "1"}), "--durration; did you mean --duration?"));
    EXPECT_TRUE(says(refusal({"--mim-us=5"}), "--mim-us=5; did you mean --min-us?"));
    EXPECT_FALSE(says(refusal({"--nonsense"}), "did you mean"));
    EXPECT_FALSE(says(refusal({"1", "2", "top"}), "did you mean"));
}

TEST(CommandLine, RefusesAnOptionOfReportsWithOrWithoutAValue) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--by"}, {"--by", "pid"}, {"--by=pid"}, {"--top"}}) {
        std::vector<std::string> all{"--events"};
        all.insert(all.end(), words.begin(), words.end());
        EXPECT_TRUE(says(refusal_of_both(all), "--by")) << words[0];
        EXPECT_TRUE(says(refusal_of_both(all), "sometool --events prints events")) << words[0];
    }
}

TEST(CommandLine, RefusesUnknownKeysAndSaysWhichThereAre) {
    EXPECT_TRUE(says(refusal({"--by", "planet"}),
                     "container, pod, unit, cgroup, pid, tid, comm, "
                     "disk, none"));
    EXPECT_TRUE(says(refusal({"--by", "none,pid"}), "none"));
    EXPECT_TRUE(says(refusal({"--by", ""}), "--by"));
}

TEST(CommandLine, Formats) {
    EXPECT_EQ(parse({"-o", "csv"}).format, Format::csv);
    EXPECT_EQ(parse({"--output", "text"}).format, Format::text);
    EXPECT_EQ(parse({"-o", "json"}).format, Format::json);
    EXPECT_TRUE(says(refusal({"-o", "xml"}), "text, json, csv"));
    // A listing has no heading where it has no rows.
    EXPECT_THROW(parse_listing_arguments("containers", {"-o", "csv"}), UsageError);
}

TEST(CommandLine, TextOnlyOptionsAreRefusedWithOtherFormats) {
    for (const std::vector<std::string>& text :
         {std::vector<std::string>{"--view", "table"}, {"--top", "3"}, {"--min-count", "2"}}) {
        for (const std::string format : {"json", "csv"}) {
            std::vector<std::string> both = text;
            both.insert(both.end(), {"-o", format});
            EXPECT_TRUE(says(refusal(both), text[0]));
        }
        EXPECT_NO_THROW(parse(text));
    }
}

TEST(CommandLine, AToolThatHasBothTellsEventsOnlyWhenAsked) {
    EXPECT_FALSE(parse_of_both({}).tracers[0].tells_events);
    EXPECT_FALSE(parse_of_both({"1", "--by", "disk", "--top", "3"}).tracers[0].tells_events);
    EXPECT_FALSE(parse_of_both({"--", "grep", "--events"}).tracers[0].tells_events);
    const Request request = parse_of_both({"--json", "--events", "--ring-size", "1M"});
    EXPECT_TRUE(request.tracers[0].tells_events);
    EXPECT_EQ(request.tracers[0].ring_size, 1U << 20);
    EXPECT_TRUE(says(refusal({"--events"}), "--events"));
}

TEST(CommandLine, RefusesWhatMeansNothingInTheChosenMode) {
    for (const std::vector<std::string>& report : {std::vector<std::string>{"1"},
                                                   {"--by", "pid"},
                                                   {"--view", "bars"},
                                                   {"--top", "1"},
                                                   {"--min-count", "1"},
                                                   {"--max-keys", "9"}}) {
        std::vector<std::string> both = report;
        both.insert(both.begin(), "--events");
        EXPECT_EQ(refusal_of_both(both),
                  "sometool --events prints events: INTERVAL, COUNT, --by, --view, --top, "
                  "--min-count and --max-keys apply only to a run without --events");
        EXPECT_NO_THROW(parse_of_both(report));
    }
    for (const std::vector<std::string>& about_events :
         {std::vector<std::string>{"--own-events"}, {"--ring-size", "1M"}}) {
        EXPECT_EQ(refusal_of_both(about_events),
                  "--own-events and --ring-size apply only to events: add --events");
    }
}

TEST(CommandLine, HelpOfAToolThatHasBothIsAboutTheChosenMode) {
    TracerSchema schema = a_schema();
    schema.events.emplace_back();
    const auto help = [&](std::vector<std::string> arguments) {
        arguments.emplace_back("--help");
        return std::get<HelpText>(parse_tool_arguments(kTool, schema, arguments)).text;
    };
    for (const char* part : {"[INTERVAL [COUNT]]", "--by", "--events", "with --events: size"}) {
        EXPECT_TRUE(says(help({}), part)) << part;
    }
    const std::string telling = help({"--events"});
    EXPECT_TRUE(says(telling, "--events"));
    EXPECT_TRUE(says(telling, "--ring-size"));
    EXPECT_FALSE(says(telling, "INTERVAL"));
    EXPECT_FALSE(says(telling, "--by"));
    EXPECT_FALSE(says(telling, "with --events:"));
}

TEST(CommandLine, HelpHasEverything) {
    const auto help = parse_tool_arguments(kTool, a_schema(), {"--help"});
    const std::string& text = std::get<HelpText>(help).text;
    for (const char* part : {"Summary",       "A description.",
                             "--container",   "--cgroup",
                             "--pid",         "--tid",
                             "--comm",        "--by",
                             "--output",      "--json",
                             "--output-file", "--duration",
                             "--view",        "--top",
                             "--min-count",   "--max-keys",
                             "--strict",      "--ready-fd",
                             "--verbose",     "--min-us",
                             "--only-late",   "[INTERVAL [COUNT]] [-- COMMAND ...]",
                             "each second"}) {
        EXPECT_TRUE(says(text, part)) << part;
    }
    std::size_t longest = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        longest = std::max(longest, end - at);
        at = end + 1;
    }
    EXPECT_LE(longest, 80U);
}

}  // namespace
}  // namespace tally
