// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/tool_name.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tracer/halves.h"
#include "util/error.h"

namespace tally {
namespace {

std::vector<OptionSchema>::iterator option_of(TracerSchema& schema, const Tool& name,
                                              std::string_view option) {
    const auto found = std::find_if(schema.options.begin(), schema.options.end(),
                                    [&](const OptionSchema& each) { return each.name == option; });
    if (found == schema.options.end()) {
        throw Error("{}: its object has no option --{}", name.name, option);
    }
    return found;
}

}  // namespace

void set_up_name(const OpenedObject& object, TracerSchema& schema, const Tool& name) {
    if (!name.summary.empty()) {
        schema.summary = name.summary;
    }
    if (name.tells_events) {
        if (!schema.has_both()) {
            throw Error("{}: its object has no option --events", name.name);
        }
        keep_half(object, schema, true);
    }
    for (const Tool::Default& each : name.defaults) {
        const auto option = option_of(schema, name, each.option);
        option->initial = each.value;
        object.set_constant(option->variable, each.value);
    }
    for (const std::string_view each : name.hidden) {
        schema.options.erase(option_of(schema, name, each));
    }
}

}  // namespace tally
