// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/command_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "commands/containers_command.h"
#include "commands/doctor_command.h"
#include "commands/print.h"
#include "commands/tool_commands.h"

namespace tally {
namespace {

using Arguments = std::vector<std::string>;

ExitStatus print_usage(const Arguments&) {
    return print(usage());
}

ExitStatus print_version(const Arguments&) {
    return print("tally " TALLY_VERSION "\n");
}

/// `tally help [WORD]`
ExitStatus help(const Arguments& arguments) {
    if (arguments.empty()) {
        return print(usage());
    }
    const std::string& word = arguments.front();
    const CommandRow* command = find_command(word);
    if (command != nullptr && command->has_help) {
        return command->run({"--help"});
    }
    std::vector<std::string> with_help;
    for (const CommandRow& each : all_commands()) {
        if (each.has_help) {
            with_help.push_back(each.words.word);
        }
    }
    return run_tools(word, {"--help"}, std::move(with_help));
}

constexpr std::size_t kAny = CommandRow::kAnyNumber;
const CommandRow kCommands[] = {
    {{"list", {}, "list the tools"}, list_tools, 0},
    {{"containers", {}, "list the running containers"}, run_containers, kAny, true},
    {{"doctor", {}, "check whether each tool runs here, and what would help"},
     run_doctor,
     kAny,
     true},
    {{"run", {"FILE"}, "run your own tracer from a .bpf.o file"}, run_file, kAny, true},
    {{"help", {"[TOOL]"}, "this text, or the help of a tool or command"}, help, 1},
    {{"--version", {}, ""}, print_version, 0},
    {{"--help", {}, ""}, print_usage, 0, false, false},
    {{"-h", {}, ""}, print_usage, kAny, false, false},
};

}  // namespace

std::span<const CommandRow> all_commands() {
    return kCommands;
}

const CommandRow* find_command(std::string_view word) {
    const auto* found =
        std::find_if(std::begin(kCommands), std::end(kCommands),
                     [&](const CommandRow& each) { return each.words.word == word; });
    return found == std::end(kCommands) ? nullptr : found;
}

std::string usage() {
    std::string text =
        "tally traces the Linux kernel per container: latencies, counts, events.\n"
        "\n"
        "Usage: tally TOOL [OPTIONS] [INTERVAL [COUNT]] [-- COMMAND ...]\n"
        "\n"
        "  tally TOOL           run a tool, e.g. sudo tally runqlat\n"
        "  tally TOOL,TOOL      run several together, e.g. sudo tally runqlat,syslat 1\n";
    for (const CommandRow& each : kCommands) {
        if (!each.is_listed) {
            continue;
        }
        std::string words = each.words.word;
        for (const std::string& operand : each.words.operands) {
            words += " " + operand;
        }
        text += each.words.description.empty()
                    ? fmt::format("  tally {}\n", words)
                    : fmt::format("  tally {:<15}{}\n", words, each.words.description);
    }
    return text;
}

}  // namespace tally
