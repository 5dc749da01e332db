// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

#include <map>

namespace tally {
namespace {

/// A static in a function: registrations in other files run in no particular order before main().
std::map<std::string_view, Tool>& tools() {
    static std::map<std::string_view, Tool> all;
    return all;
}

}  // namespace

Registration::Registration(Tool tool) {
    for (Tool& each : tool.further_names) {
        each.object = tool.object;
        tools().emplace(each.name, each);
    }
    tools().emplace(tool.name, std::move(tool));
}

std::vector<const Tool*> all_tools() {
    std::vector<const Tool*> all;
    for (const auto& [name, tool] : tools()) {
        all.push_back(&tool);
    }
    return all;
}

const Tool* find_tool(std::string_view name) {
    const auto found = tools().find(name);
    return found == tools().end() ? nullptr : &found->second;
}

}  // namespace tally
