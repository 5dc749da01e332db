// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/own_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/common_options.h"
#include "output/escape.h"
#include "util/error.h"

namespace tally {
namespace {

/// Adds what `word` means as a value of a selection.
void select(const SelectionSchema& selection, const std::string& word,
            std::vector<std::uint64_t>& values) {
    const WordMeaning& meaning = *selection.value.type->meaning;
    const std::vector<std::uint64_t> found = meaning.values_of(selection.value, word);
    if (found.empty()) {
        throw UsageError("--{} {}: {}", selection.name, word, meaning.refusal(selection.value));
    }
    values.insert(values.end(), found.begin(), found.end());
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

void add(Parser& parser, OptionText text, const SelectionSchema& selection, Request& request) {
    text.names =
        (selection.letter.empty() ? "" : "-" + selection.letter + ",") + "--" + selection.name;
    text.value = selection.value.type->meaning->placeholder;
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
                     Request& request) {
    const OptionText text{.group = fmt::format("Options of {}", escape_text(tool.name))};
    const auto add_all = [&](const auto& options) {
        for (const auto& each : options) {
            try {
                add(parser, text, each, request);
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
