// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/own_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
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
        throw UsageError("--{} {}: there is no such {}; choose from {}", selection.name, word,
                         selection.name, fmt::join(known, ", "));
    }
    const std::optional<std::uint64_t> value = number_of<std::uint64_t>(word);
    if (!value || (selection.size < 8 && *value >> (8 * selection.size) != 0)) {
        throw UsageError("--{} {}: not a number, or too large", selection.name, word);
    }
    values.push_back(*value);
}

/// One declaration of a tool, and the request that its values go to.
template <typename Schema>
struct Declared {
    const Schema* schema;
    TracerRequest* request;
    std::string tool;
};

/// Those of one name, of one tool or of several.
template <typename Schema>
using SameName = std::vector<Declared<Schema>>;

/// A letter that means something else with another of the tools means nothing.
using Letters = std::map<std::string, std::set<std::string>>;

void add(Parser& parser, OptionText text, const SameName<OptionSchema>& all, const Letters&) {
    const OptionSchema& option = *all.front().schema;
    const std::string help = escape_text(option.help);
    text.names = "--" + option.name;
    if (option.is_flag) {
        text.description = help;
        parser.add_flag(text, [all] {
            for (const auto& each : all) {
                each.request->options[each.schema->variable] = 1;
            }
        });
        return;
    }
    std::uint64_t largest = option.largest;
    for (const auto& each : all) {
        largest = std::min(largest, each.schema->largest);
    }
    text.value = "N";
    text.description = fmt::format("{} (default: {})", help, option.initial);
    parser.add_value(
        text, number(std::uint64_t{0}, largest, "a number"), [all](const std::string& word) {
            for (const auto& each : all) {
                each.request->options[each.schema->variable] = *number_of<std::uint64_t>(word);
            }
        });
}

void add(Parser& parser, OptionText text, const SameName<SelectionSchema>& all,
         const Letters& letters) {
    const SelectionSchema& selection = *all.front().schema;
    const bool has_letter = !selection.letter.empty() && letters.at(selection.letter).size() == 1;
    text.names = (has_letter ? "-" + selection.letter + "," : "") + "--" + selection.name;
    text.value = selection.type == SemanticType::syscall  ? "CALL"
                 : selection.type == SemanticType::signal ? "SIGNAL"
                 : selection.names.empty()                ? "N"
                                                          : "NAME";
    text.description = escape_text(selection.help);
    parser.add_values(text, true, nullptr, [all](const std::vector<std::string>& words) {
        for (const auto& each : all) {
            for (const std::string& word : words) {
                select(*each.schema, word, each.request->selections[each.schema->set]);
            }
        }
    });
}

void add(Parser& parser, OptionText text, const SameName<ChoiceSchema>& all, const Letters&) {
    const ChoiceSchema& choice = *all.front().schema;
    text.names = "--" + choice.name;
    text.value = "NAME";
    text.description = fmt::format("{}: {} (default: all available)", escape_text(choice.help),
                                   escape_text(fmt::format("{}", fmt::join(choice.values, ", "))));
    text.choices = choice.values;
    for (const auto& each : all) {
        each.request->choices.try_emplace(each.schema->name);
    }
    parser.add_values(
        text, true, one_of(choice.values), [all](const std::vector<std::string>& words) {
            for (const auto& each : all) {
                const std::vector<std::string>& values = each.schema->values;
                for (const std::string& word : words) {
                    if (std::find(values.begin(), values.end(), word) == values.end()) {
                        throw UsageError("{} has no --{} {}", each.tool, each.schema->name, word);
                    }
                }
                each.request->choices[each.schema->name] = words;
            }
        });
}

/// The options of one kind, those of one name together.
template <typename Schema>
void add_all(Parser& parser, std::span<const ChosenTool> tools, Request& request,
             std::vector<Schema> TracerSchema::*options, const Letters& letters) {
    std::vector<SameName<Schema>> all;
    for (std::size_t i = 0; i < tools.size(); ++i) {
        for (const Schema& each : tools[i].schema.*options) {
            auto place = std::find_if(all.begin(), all.end(), [&](const SameName<Schema>& known) {
                return known.front().schema->name == each.name;
            });
            if (place == all.end()) {
                place = all.insert(all.end(), SameName<Schema>());
            }
            place->push_back({&each, &request.tracers[i], escape_text(tools[i].tool.name)});
        }
    }
    for (const SameName<Schema>& each : all) {
        std::vector<std::string> names;
        for (const Declared<Schema>& declared : each) {
            names.push_back(declared.tool);
        }
        try {
            add(parser, {.group = fmt::format("Options of {}", fmt::join(names, ", "))}, each,
                letters);
        } catch (const std::invalid_argument&) {
            throw Error(
                "{}: the name of its option '{}' is invalid or taken by a common option: rename it",
                each.front().tool, each.front().schema->name);
        }
    }
}

}  // namespace

void add_own_options(Parser& parser, std::span<const ChosenTool> tools, Request& request) {
    Letters letters;
    for (const ChosenTool& each : tools) {
        for (const SelectionSchema& selection : each.schema.selections) {
            letters[selection.letter].insert(selection.name);
        }
    }
    add_all(parser, tools, request, &TracerSchema::options, letters);
    add_all(parser, tools, request, &TracerSchema::selections, letters);
    add_all(parser, tools, request, &TracerSchema::choices, letters);
}

}  // namespace tally
