// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/by_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "collect/grouping.h"
#include "output/escape.h"
#include "util/error.h"
#include "util/split.h"

namespace tally {
namespace {

using KeyNames = std::vector<std::string>;

KeyNames default_by(const TracerSchema& schema) {
    return schema.by.empty() ? KeyNames{"container"} : schema.by;
}

void check(const TracerSchema& schema, const KeyNames& by) {
    for (const SlotsSchema* each : schema.slots()) {
        Grouping(by, *each);  // throws for a word that is not one of its keys
    }
}

void check_default_by(const ChosenTool& tool) {
    try {
        check(tool.schema, default_by(tool.schema));
    } catch (const UsageError& error) {
        throw Error("{}: invalid BY(...): {}", escape_text(tool.tool.name), error.what());
    }
}

void add_by_of_one(Parser& parser, const TracerSchema& schema, KeyNames& by) {
    const KeyNames choices = Grouping::choices(*schema.slots().front());
    parser.add_values({.names = "--by",
                       .value = "KEY[,KEY]",
                       .description = fmt::format(
                           "keys that make a row: {}; separate several with commas (default: {})",
                           fmt::join(choices, ", "), fmt::join(default_by(schema), ",")),
                       .group = "Output",
                       .choices = choices},
                      true, by);
}

/// The keys of "KEY,KEY", added to `keys`.
void add_keys(std::string_view text, KeyNames& keys) {
    for (std::string& each : split(text, ',')) {
        keys.push_back(std::move(each));
    }
}

/// Sets the keys of all tools that measure: those typed after "TOOL:", else the common ones.
void take_by(std::span<const ChosenTool> tools, const std::vector<std::size_t>& measuring,
             Request& request, const KeyNames& words) {
    KeyNames common;
    for (const std::string& word : words) {
        const std::size_t colon = word.find(':');
        if (colon == std::string::npos) {
            add_keys(word, common);
            continue;
        }
        const std::string_view name = std::string_view(word).substr(0, colon);
        const auto place = std::find_if(measuring.begin(), measuring.end(), [&](std::size_t each) {
            return tools[each].tool.name == name;
        });
        if (place == measuring.end()) {
            throw UsageError("--by {}: '{}' is none of the tools here that measure by key", word,
                             name);
        }
        add_keys(std::string_view(word).substr(colon + 1), request.tracers[*place].by);
    }
    for (const std::size_t each : measuring) {
        if (request.tracers[each].by.empty()) {
            request.tracers[each].by = common;
        }
    }
}

}  // namespace

void add_by(Parser& parser, std::span<const ChosenTool> tools,
            const std::vector<std::size_t>& measuring, Request& request) {
    for (const std::size_t each : measuring) {
        check_default_by(tools[each]);
    }
    if (tools.size() == 1) {
        add_by_of_one(parser, tools.front().schema, request.tracers.front().by);
        return;
    }
    KeyNames choices = Grouping::choices(*tools[measuring.front()].schema.slots().front());
    for (const std::size_t each : measuring) {
        const KeyNames others = Grouping::choices(*tools[each].schema.slots().front());
        std::erase_if(choices, [&](const std::string& key) {
            return std::find(others.begin(), others.end(), key) == others.end();
        });
    }
    parser.add_values({.names = "--by",
                       .value = "[TOOL:]KEY[,KEY]",
                       .description = fmt::format(
                           "keys that make a row: {}, or a key of one tool after its name and "
                           "':' (default: each tool's own)",
                           fmt::join(choices, ", ")),
                       .group = "Output",
                       .choices = choices},
                      false, nullptr, [tools, measuring, &request](const KeyNames& words) {
                          take_by(tools, measuring, request, words);
                      });
}

void complete_by(std::span<const ChosenTool> tools, const std::vector<std::size_t>& measuring,
                 Request& request) {
    for (const std::size_t each : measuring) {
        KeyNames& by = request.tracers[each].by;
        if (by.empty()) {
            by = default_by(tools[each].schema);
        }
        try {
            check(tools[each].schema, by);
        } catch (const UsageError& error) {
            if (tools.size() == 1) {
                throw;
            }
            throw UsageError("{}: {}", tools[each].tool.name, error.what());
        }
    }
}

}  // namespace tally
