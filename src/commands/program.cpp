// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/program.h"

#include <utility>

#include "cli/completion.h"
#include "commands/command_table.h"
#include "commands/print.h"
#include "commands/tool_commands.h"
#include "tracer/libbpf_log.h"
#include "tracer/registry.h"

namespace tally {
namespace {

using Arguments = std::vector<std::string>;

std::vector<CommandWords> listed_commands() {
    std::vector<CommandWords> commands;
    for (const CommandRow& each : all_commands()) {
        if (each.is_listed) {
            commands.push_back(each.words);
        }
    }
    return commands;
}

/// Answers a shell that completes these words.
ExitStatus complete(Arguments words) {
    const auto answer = complete_command(listed_commands(), tool_candidates(), words);
    return answer ? print(*answer) : run_program("tally", std::move(words));
}

}  // namespace

ExitStatus run_program(std::string_view program, Arguments arguments) {
    capture_libbpf_log();
    const std::string_view name = program.substr(program.rfind('/') + 1);
    constexpr std::string_view kPrefix = "tally-";
    if (name.starts_with(kPrefix)) {
        const std::string tool(name.substr(kPrefix.size()));
        if (!arguments.empty() && arguments.front() == kComplete) {
            arguments.front() = tool;
            return complete(std::move(arguments));
        }
        return run_tools(tool, arguments);
    }
    if (arguments.empty()) {
        throw UsageError(
            "no tool given: 'tally list' lists the tools, 'tally help' shows the usage");
    }
    const std::string word = arguments.front();
    arguments.erase(arguments.begin());
    if (word == kComplete) {
        return complete(std::move(arguments));
    }
    const CommandRow* command = find_command(word);
    if (command == nullptr || find_tool(word) != nullptr) {
        std::vector<std::string> words;
        for (const CommandWords& each : listed_commands()) {
            words.push_back(each.word);
        }
        return run_tools(word, arguments, std::move(words));
    }
    if (arguments.size() > command->most_arguments) {
        throw UsageError("'{}' does not take the argument '{}'", word, arguments.back());
    }
    return command->run(arguments);
}

}  // namespace tally
