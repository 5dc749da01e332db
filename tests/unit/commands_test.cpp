// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The table of commands: what its three readers make of it.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "commands/command_table.h"
#include "commands/program.h"
#include "util/error.h"

namespace tally {
namespace {

/// What is said of a wrong command line; empty: nothing.
std::string refusal(const std::string& program, const std::vector<std::string>& words) {
    try {
        run_program(program, words);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(Commands, MakeTheUsageText) {
    EXPECT_EQ(usage(),
              "tally traces the Linux kernel per container: latencies, counts, events.\n"
              "\n"
              "Usage: tally TOOL [OPTIONS] [INTERVAL [COUNT]] [-- COMMAND ...]\n"
              "\n"
              "  tally TOOL           run a tool, e.g. sudo tally runqlat\n"
              "  tally TOOL,TOOL      run several together, e.g. sudo tally runqlat,syslat 1\n"
              "  tally list           list the tools\n"
              "  tally containers     list the running containers\n"
              "  tally doctor         check whether each tool runs here, and what would help\n"
              "  tally run FILE       run your own tracer from a .bpf.o file\n"
              "  tally help [TOOL]    this text, or the help of a tool or command\n"
              "  tally --version\n");
}

TEST(Commands, AreFoundByTheirWords) {
    std::set<std::string> words;
    for (const CommandRow& each : all_commands()) {
        EXPECT_TRUE(words.insert(each.words.word).second) << each.words.word;
        EXPECT_EQ(find_command(each.words.word), &each);
    }
    EXPECT_EQ(find_command("TOOL"), nullptr);
    EXPECT_EQ(find_command(""), nullptr);
}

TEST(Commands, SayWhichWordIsTooMuch) {
    EXPECT_EQ(refusal("tally", {"list", "a", "b"}), "'list' does not take the argument 'b'");
    EXPECT_EQ(refusal("tally", {"--version", "a"}), "'--version' does not take the argument 'a'");
    EXPECT_EQ(refusal("tally", {"--help", "run"}), "'--help' does not take the argument 'run'");
    EXPECT_EQ(refusal("tally", {"help", "run", "list"}),
              "'help' does not take the argument 'list'");
    EXPECT_EQ(refusal("tally", {"run"}), "FILE is missing: tally run FILE.bpf.o [OPTIONS]");
}

TEST(Commands, ThatAreNoneAreTakenForTools) {
    const auto no_tool = [](const std::string& word) {
        return "unknown tool '" + word + "' ('tally list' lists the tools)";
    };
    EXPECT_EQ(refusal("tally", {"nonsense", "a"}), no_tool("nonsense"));
    EXPECT_EQ(refusal("tally", {"help", "list"}), no_tool("list"));  // has no help of its own
    EXPECT_EQ(refusal("tally", {"help", "nonsense"}), no_tool("nonsense"));
    EXPECT_EQ(refusal("/usr/bin/tally-list", {}), no_tool("list"));
    EXPECT_EQ(refusal("tally", {"dokter"}),
              "unknown tool 'dokter'; did you mean doctor? ('tally list' lists the tools)");
    EXPECT_EQ(refusal("tally", {"help", "lisst"}), no_tool("lisst"));
    EXPECT_EQ(refusal("tally", {"nonsense,more"}), no_tool("nonsense"));
    EXPECT_EQ(refusal("tally", {","}), "',': the name of a tool is missing beside a comma");
    EXPECT_EQ(refusal("tally", {}),
              "no tool given: 'tally list' lists the tools, 'tally help' shows the usage");
}

}  // namespace
}  // namespace tally
