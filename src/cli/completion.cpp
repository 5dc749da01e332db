// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/completion.h"

#include <algorithm>
#include <set>

#include "host/call_values.h"
#include "host/system_calls.h"
#include "output/escape.h"
#include "output/messages.h"
#include "session/running_containers.h"
#include "util/error.h"
#include "util/split.h"

namespace tally {
namespace {

/// Whether a shell can show a name as it is. (Quoting it for insertion is up to the shell.)
bool is_harmless(std::string_view name) {
    std::string text(name);
    std::erase(text, '\\');  // visible, but doubled by the functions below
    return (locale_is_utf8() ? escape_text(text) : escape_ascii(text)) == text;
}

/// The candidates that begin with `current`, a line for each.
std::string answer(const std::vector<Candidate>& candidates, std::string_view current) {
    std::string text;
    for (const Candidate& each : candidates) {
        if (each.word.starts_with(current)) {
            text += each.word + "\t" + each.description + "\n";
        }
    }
    return text;
}

/// A name quoted such that `-c` matches it and no other.
std::string as_container_argument(const std::string& name) {
    constexpr std::string_view kPattern = "*?[";
    if (name.find_first_of(kPattern) == std::string::npos) {
        return name;
    }
    std::string quoted;
    for (const char each : name) {
        if (each == '\\' || kPattern.find(each) != std::string_view::npos) {
            quoted += '\\';
        }
        quoted += each;
    }
    return quoted;
}

std::vector<std::string> running_containers() {
    std::set<std::string> names;
    try {
        for (const Containers::Listed& each : find_running_containers(std::nullopt, false)) {
            const std::string& name = each.owner.container->name;
            if (is_harmless(name)) {
                names.insert(as_container_argument(name));
            }
        }
    } catch (const Error&) {  // usually no right to look: nothing to offer
        return {};
    }
    return {names.begin(), names.end()};
}

std::vector<std::string> choices_of(const OptionWords& option) {
    return option.value == "CONTAINER" ? running_containers()
           : option.value == "CALL"    ? syscall_names()
           : option.value == "SIGNAL"  ? signal_names()
                                       : option.choices;
}

/// The candidates for the value of an option. `before` is the text before the value in the same
/// word, "--by=", and is part of each candidate.
std::string complete_value(const OptionWords& option, const std::string& before,
                           std::string_view current) {
    if (option.value == "FILE") {
        return ":files\n";
    }
    if (option.value == "PATH") {
        return ":directories\n";
    }
    const std::size_t comma = current.rfind(',');
    const std::string first(option.takes_list && comma != std::string_view::npos
                                ? current.substr(0, comma + 1)
                                : std::string_view());
    const std::string typed = before + first;
    std::vector<Candidate> candidates;
    for (const std::string& choice : choices_of(option)) {
        if (("," + first).find("," + choice + ",") == std::string::npos) {
            candidates.push_back({typed + choice, ""});
        }
    }
    return answer(candidates, before + std::string(current));
}

const OptionWords* find_option(const std::vector<OptionWords>& options, std::string_view name) {
    for (const OptionWords& each : options) {
        if (std::find(each.names.begin(), each.names.end(), name) != each.names.end()) {
            return &each;
        }
    }
    return nullptr;
}

/// The tools that may follow these names and a comma.
std::vector<Candidate> further_tools(const std::vector<Candidate>& tools,
                                     const std::string& names) {
    const std::vector<std::string> named = split(names, ',');
    std::vector<Candidate> others;
    for (const Candidate& each : tools) {
        if (std::find(named.begin(), named.end(), each.word) == named.end()) {
            others.push_back({names + "," + each.word, each.description});
        }
    }
    return others;
}

bool are_tools(const std::vector<Candidate>& tools, const std::string& names) {
    const std::vector<std::string> parts = split(names, ',');
    return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
        return std::any_of(tools.begin(), tools.end(),
                           [&](const Candidate& each) { return each.word == part; });
    });
}

}  // namespace

std::string complete_arguments(const std::vector<OptionWords>& options,
                               std::span<const std::string> words) {
    const std::string current = words.empty() ? "" : words.back();
    if (words.size() > 1) {
        const OptionWords* before = find_option(options, words[words.size() - 2]);
        if (before != nullptr && !before->value.empty()) {
            return complete_value(*before, "", current);
        }
    }
    const std::size_t equals = current.find('=');
    if (current.starts_with("--") && equals != std::string::npos) {
        const OptionWords* option = find_option(options, current.substr(0, equals));
        return option != nullptr && !option->value.empty()
                   ? complete_value(*option, current.substr(0, equals + 1),
                                    std::string_view(current).substr(equals + 1))
                   : "";
    }
    std::vector<Candidate> candidates;
    for (const OptionWords& each : options) {
        for (const std::string& name : each.names) {
            // A short name says less than the long one: offered only once it has been typed.
            if (name.starts_with("--") || name == current) {
                candidates.push_back({name, each.description});
            }
        }
    }
    return answer(candidates, current);
}

std::optional<std::string> complete_command(std::span<const CommandWords> commands,
                                            const std::vector<Candidate>& tools,
                                            std::vector<std::string>& words) {
    if (words.empty()) {
        return "";
    }
    if (std::find(words.begin(), words.end() - 1, "--") != words.end() - 1) {
        return ":command\n";
    }
    std::vector<Candidate> first = tools;
    for (const CommandWords& each : commands) {
        first.push_back({each.word, each.description});
    }
    if (words.size() == 1) {
        const std::size_t comma = words.front().rfind(',');
        return comma == std::string::npos
                   ? answer(first, words.front())
                   : answer(further_tools(tools, words.front().substr(0, comma)), words.front());
    }
    const auto is_word = [&](const auto& each) { return each.word == words.front(); };
    const auto command = std::find_if(commands.begin(), commands.end(), is_word);
    std::size_t operands = 0;
    if (command != commands.end()) {
        operands = command->operands.size();
        if (words.size() - 2 < operands && !words.back().starts_with('-')) {
            const std::string& operand = command->operands[words.size() - 2];
            return operand == "FILE"     ? ":files\n"
                   : operand == "[TOOL]" ? answer(first, words[1])
                                         : "";
        }
    } else if (!are_tools(tools, words.front())) {
        return "";
    }
    operands = std::min(operands, words.size() - 2);
    words.insert(words.begin() + 1 + static_cast<std::ptrdiff_t>(operands), std::string(kComplete));
    return std::nullopt;
}

}  // namespace tally
