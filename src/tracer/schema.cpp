// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/schema.h"

#include <algorithm>

namespace tally {

std::vector<const SlotsSchema*> TracerSchema::slots() const {
    std::vector<const SlotsSchema*> all;
    for (const HistogramSchema& each : histograms) {
        all.push_back(&each);
    }
    for (const CountsSchema& each : counts) {
        all.push_back(&each);
    }
    return all;
}

bool TracerSchema::is_of_events(const OptionSchema& option) const {
    return std::find(only_events.begin(), only_events.end(), option.variable) != only_events.end();
}

bool TracerSchema::has_alternatives() const {
    return std::any_of(probes.begin(), probes.end(), [](const ProbeSchema& each) {
        return !each.group.empty() || each.hook.starts_with("fentry/") ||
               each.hook.starts_with("fexit/");
    });
}

}  // namespace tally
