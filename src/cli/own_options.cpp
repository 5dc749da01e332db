// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/own_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "cli/common_options.h"
#include "host/call_values.h"
#include "host/system_calls.h"
#include "output/escape.h"
#include "util/error.h"

namespace tally {
namespace {

/// Adds what `word` means as a value of a selection.
void select(const SelectionSchema& selection, const std::string& word,
            std::vector<std::uint64_t>& values) {
    if (selection.type == SemanticType::syscall) {
        const std::vector<std::uint32_t> numbers = syscall_numbers(word);
        if (numbers.empty()) {
            throw UsageError("--{} {}: there is no such system call", selection.name, word);
        }
        values.insert(values.end(), numbers.begin(), numbers.end());
        return;
    }
    if (selection.type == SemanticType::signal) {
        const std::uint32_t number = signal_number(word);
        if (number == 0) {
            throw UsageError("--{} {}: there is no such signal", selection.name, word);
        }
        values.push_back(number);
        return;
    }
    if (selection.type == SemanticType::enumeration) {
        std::vector<std::string> known;
        for (const auto& [value, name] : selection.names) {
            if (name == word) {
                values.push_back(static_cast<std::uint32_t>(value));
                return;
            }
            known.push_back(name);
        }
        throw UsageError("--{} {}: there is no such {}; there are {}", selection.name, word,
                         selection.name, fmt::join(known, ", "));
    }
    const std::optional<std::uint64_t> value = number_of<std::uint64_t>(word);
    if (!value || (selection.size < 8 && *value >> (8 * selection.size) != 0)) {
        throw UsageError("--{} {}: that is not a number, or too large", selection.name, word);
    }
    values.push_back(*value);
}

void add(Parser& parser, OptionText text, const OptionSchema& option, Request& request) {
    const std::string help = escape_text(option.help);
    const std::string variable = option.variable;
    text.names = "--" + option.name;
    if (option.is_flag) {
        text.description = help;
        parser.add_flag(text, [&request, variable] { request.options[variable] = 1; });
        return;
    }
    text.value = "N";
    text.description = fmt::format("{} (default: {})", help, option.initial);
    parser.add_value(text, number(std::uint64_t{0}, option.largest, "a number"),
                     [&request, variable](const std::string& word) {
                         request.options[variable] = *number_of<std::uint64_t>(word);
                     });
}

/// One that means nothing in this run.
void add_refused(Parser& parser, OptionText text, const OptionSchema& option) {
    const auto refuse = [name = option.name] {
        throw UsageError("--{} is about events: it needs --events", name);
    };
    text.names = "--" + option.name;
    text.description = "with --events: " + escape_text(option.help);
    if (option.is_flag) {
        parser.add_flag(text, refuse);
        return;
    }
    text.value = "N";
    parser.add_value(text, nullptr, [refuse](const std::string&) { refuse(); });
}

void add(Parser& parser, OptionText text, const SelectionSchema& selection, Request& request) {
    text.names =
        (selection.letter.empty() ? "" : "-" + selection.letter + ",") + "--" + selection.name;
    text.value = selection.type == SemanticType::syscall  ? "CALL"
                 : selection.type == SemanticType::signal ? "SIGNAL"
                 : selection.names.empty()                ? "N"
                                                          : "NAME";
    text.description = escape_text(selection.help);
    parser.add_values(text, true, nullptr,
                      [&selection, &request](const std::vector<std::string>& words) {
                          for (const std::string& word : words) {
                              select(selection, word, request.selections[selection.set]);
                          }
                      });
}

void add(Parser& parser, OptionText text, const ChoiceSchema& choice, Request& request) {
    text.names = "--" + choice.name;
    text.value = "NAME";
    text.description = fmt::format("{}: {} (default: all available)", escape_text(choice.help),
                                   escape_text(fmt::format("{}", fmt::join(choice.values, ", "))));
    text.choices = choice.values;
    std::vector<std::string>& values = request.choices[choice.name];
    parser.add_values(text, true, one_of(choice.values),
                      [&values](const std::vector<std::string>& words) { values = words; });
}

}  // namespace

void add_own_options(Parser& parser, const Tool& tool, const TracerSchema& schema,
                     bool tells_events, Request& request) {
    const OptionText text{.group = fmt::format("Options of {}", escape_text(tool.name))};
    const auto add_one = [&](const auto& each) {
        if constexpr (std::is_same_v<decltype(each), const OptionSchema&>) {
            if (!tells_events && schema.is_of_events(each)) {
                add_refused(parser, text, each);
                return;
            }
        }
        add(parser, text, each, request);
    };
    const auto add_all = [&](const auto& options) {
        for (const auto& each : options) {
            try {
                add_one(each);
            } catch (const std::invalid_argument&) {
                throw Error(
                    "{}: its option cannot be called '{}'; is there a common one of that name?",
                    tool.name, each.name);
            }
        }
    };
    add_all(schema.options);
    add_all(schema.selections);
    add_all(schema.choices);
}

}  // namespace tally
