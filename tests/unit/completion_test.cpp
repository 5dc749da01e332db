// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace tally {
namespace {

using Words = std::vector<std::string>;

const std::vector<OptionWords> kOptions{
    {{"-h", "--help"}, "", {}, false, "this text"},
    {{"-o", "--output"}, "FORMAT", {"text", "json"}, false, "which format"},
    {{"--by"}, "KEY[,KEY]", {"pid", "pod", "comm"}, true, "keys that make a row"},
    {{"-O", "--output-file"}, "FILE", {}, false, "where"},
    {{"--cgroup"}, "PATH", {}, false, "which"},
    {{"--top"}, "N", {}, false, "how many"},
};

std::string arguments(const Words& words) {
    return complete_arguments(kOptions, words);
}

TEST(Completion, OffersLongNamesWithWhatTheyAreFor) {
    EXPECT_EQ(arguments({"--out"}), "--output\twhich format\n--output-file\twhere\n");
    EXPECT_EQ(arguments({"-o"}), "-o\twhich format\n");
    EXPECT_EQ(arguments({"--nothing"}), "");
    const std::string all = arguments({"1", ""});
    EXPECT_NE(all.find("--top\t"), std::string::npos);
    EXPECT_EQ(all.find("-O\t"), std::string::npos);
}

TEST(Completion, OffersTheValuesOfAnOption) {
    EXPECT_EQ(arguments({"-o", ""}), "text\t\njson\t\n");
    EXPECT_EQ(arguments({"--output", "j"}), "json\t\n");
    EXPECT_EQ(arguments({"--output=j"}), "--output=json\t\n");
    EXPECT_EQ(arguments({"--by", "po"}), "pod\t\n");
    EXPECT_EQ(arguments({"--top", ""}), "");
    EXPECT_EQ(arguments({"--help=x"}), "");
    EXPECT_EQ(arguments({"--help", "--to"}), "--top\thow many\n");  // takes none
}

TEST(Completion, GoesOnAfterACommaAndOffersNothingTwice) {
    EXPECT_EQ(arguments({"--by", "pid,"}), "pid,pod\t\npid,comm\t\n");
    EXPECT_EQ(arguments({"--by=pid,p"}), "--by=pid,pod\t\n");
    EXPECT_EQ(arguments({"-o", "text,"}), "");  // takes one
}

TEST(Completion, LeavesFilesToTheShell) {
    EXPECT_EQ(arguments({"-O", "a"}), ":files\n");
    EXPECT_EQ(arguments({"--output-file=a"}), ":files\n");
    EXPECT_EQ(arguments({"--cgroup", ""}), ":directories\n");
}

const std::vector<CommandWords> kCommands{
    {"list", {}, "the tools"},
    {"run", {"FILE"}, "run a tool from a file"},
    {"help", {"[TOOL]"}, "this text"},
    {"--version", {}, ""},
};

/// The answer, or the command line that answers.
std::string command(Words words) {
    const auto answer =
        complete_command(kCommands, {{"runqlat", "waits"}, {"syslat", "calls"}}, words);
    std::string line;
    for (const std::string& each : words) {
        line += "<" + each + ">";
    }
    return answer.value_or(line);
}

TEST(Completion, OffersToolsAndCommands) {
    EXPECT_EQ(command({""}),
              "runqlat\twaits\nsyslat\tcalls\nlist\tthe tools\nrun\trun a tool from a "
              "file\nhelp\tthis text\n"
              "--version\t\n");
    EXPECT_EQ(command({"ru"}), "runqlat\twaits\nrun\trun a tool from a file\n");
    EXPECT_EQ(command({}), "");
}

TEST(Completion, OffersFurtherToolsAfterAComma) {
    EXPECT_EQ(command({"runqlat,"}), "runqlat,syslat\tcalls\n");
    EXPECT_EQ(command({"runqlat,s"}), "runqlat,syslat\tcalls\n");
    EXPECT_EQ(command({"runqlat,syslat,"}), "");
    EXPECT_EQ(command({"syslat,runqlat", "--by", ""}), "<syslat,runqlat><__complete><--by><>");
    EXPECT_EQ(command({"syslat,nonsense", "--by", ""}), "");
}

TEST(Completion, AsksTheCommandAfterItsOperands) {
    EXPECT_EQ(command({"runqlat", "--by", ""}), "<runqlat><__complete><--by><>");
    EXPECT_EQ(command({"list", ""}), "<list><__complete><>");
    EXPECT_EQ(command({"run", "fi"}), ":files\n");
    EXPECT_EQ(command({"run", "-"}), "<run><__complete><->");
    EXPECT_EQ(command({"run", "file.bpf.o", "--m"}), "<run><file.bpf.o><__complete><--m>");
    EXPECT_EQ(command({"help", "runq"}), "runqlat\twaits\n");
}

TEST(Completion, KnowsNothingOfOtherWordsNorOfItself) {
    EXPECT_EQ(command({"nonsense", ""}), "");
    EXPECT_EQ(command({"TOOL", ""}), "");
    EXPECT_EQ(command({"__complete", "runqlat", ""}), "");
}

TEST(Completion, LeavesWhatFollowsTwoDashesToTheShell) {
    EXPECT_EQ(command({"runqlat", "-d", "1", "--", "sl"}), ":command\n");
    EXPECT_EQ(command({"runqlat", "--"}), "<runqlat><__complete><-->");
}

TEST(Completion, EveryParserAnswers) {
    const auto parsed = parse_listing_arguments("containers", {std::string(kComplete), "-o", "j"});
    EXPECT_EQ(std::get<HelpText>(parsed).text, "json\t\n");
}

}  // namespace
}  // namespace tally
