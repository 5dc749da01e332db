// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/own_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "cli/common_options.h"
#include "output/escape.h"
#include "util/error.h"

namespace tally {
namespace {

/// Adds the values that `word` stands for in a selection.
void select(const SelectionSchema& selection, const std::string& word,
            std::vector<std::uint64_t>& values) {
    const WordMeaning& meaning = *selection.value.type->meaning;
    const std::vector<std::uint64_t> found = meaning.values_of(selection.value, word);
    if (found.empty()) {
        throw UsageError("--{} {}: {}", selection.name, word, meaning.refusal(selection.value));
    }
    values.insert(values.end(), found.begin(), found.end());
}

/// One declaration of a tool, and the request that its values go to.
template <typename Schema>
struct Declared {
    const Schema* schema;
    TracerRequest* request;
    std::string tool;
    bool applies;  ///< it means something in this run
};

/// All declarations of one name, of one tool or of several.
template <typename Schema>
using SameName = std::vector<Declared<Schema>>;

/// The selections of each letter. A letter with another meaning for another of the tools is not
/// used.
using Letters = std::map<std::string, std::set<std::string>>;

void add_refused(Parser& parser, OptionText text, const OptionSchema& option) {
    const auto refuse = [name = option.name] {
        throw UsageError("--{} applies only to events: add --events", name);
    };
    text.description = "with --events: " + escape_text(option.help);
    if (option.is_flag) {
        parser.add_flag(text, refuse);
        return;
    }
    text.value = "N";
    parser.add_value(text, nullptr, [refuse](const std::string&) { refuse(); });
}

void add(Parser& parser, OptionText text, SameName<OptionSchema> all, const Letters&) {
    const OptionSchema& option = *all.front().schema;
    const std::string help = escape_text(option.help);
    text.names = "--" + option.name;
    std::erase_if(all, [](const auto& each) { return !each.applies; });
    if (all.empty()) {
        add_refused(parser, text, option);
        return;
    }
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
    const bool is_same = std::all_of(all.begin(), all.end(), [&](const auto& each) {
        return each.schema->initial == all.front().schema->initial;
    });
    text.description = fmt::format(
        "{} (default: {})", help,
        is_same ? std::to_string(all.front().schema->initial) : std::string("each tool's own"));
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
    text.value = selection.value.type->meaning->placeholder;
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

/// Adds the options of one kind; those of one name become one option.
template <typename Schema>
void add_all(Parser& parser, std::span<const ChosenTool> tools,
             const std::vector<std::size_t>& measuring, Request& request,
             std::vector<Schema> TracerSchema::*options, const Letters& letters) {
    std::vector<SameName<Schema>> all;
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const bool measures = std::find(measuring.begin(), measuring.end(), i) != measuring.end();
        for (const Schema& each : tools[i].schema.*options) {
            bool applies = true;
            if constexpr (std::is_same_v<Schema, OptionSchema>) {
                applies = !measures || !tools[i].schema.is_of_events(each);
            }
            auto place = std::find_if(all.begin(), all.end(), [&](const SameName<Schema>& known) {
                return known.front().schema->name == each.name;
            });
            if (place == all.end()) {
                place = all.insert(all.end(), SameName<Schema>());
            }
            place->push_back(
                {&each, &request.tracers[i], escape_text(tools[i].tool.name), applies});
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

void add_own_options(Parser& parser, std::span<const ChosenTool> tools,
                     const std::vector<std::size_t>& measuring, Request& request) {
    Letters letters;
    for (const ChosenTool& each : tools) {
        for (const SelectionSchema& selection : each.schema.selections) {
            letters[selection.letter].insert(selection.name);
        }
    }
    add_all(parser, tools, measuring, request, &TracerSchema::options, letters);
    add_all(parser, tools, measuring, request, &TracerSchema::selections, letters);
    add_all(parser, tools, measuring, request, &TracerSchema::choices, letters);
}

}  // namespace tally
