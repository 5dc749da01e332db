// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/halves.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tracer/engine_names.h"

namespace tally {
namespace {

void leave_out_thread_state(const OpenedObject& object, const std::string& name) {
    for (const char* map : {kByNumberEnding, kByAddressEnding, kByTaskEnding}) {
        object.set_made(name + map, false);
    }
    for (const char* program : {kThreadGoneEnding, kThreadMadeEnding, kThreadsExistingEnding}) {
        object.set_loaded(name + program, false);
    }
}

/// Removes from `names` those that ONLY_EVENTS() has named, and returns them.
std::vector<std::string> take_of_events(std::vector<std::string>& names,
                                        const TracerSchema& schema) {
    const auto is_of_both = [&](const std::string& each) {
        return std::find(schema.only_events.begin(), schema.only_events.end(), each) ==
               schema.only_events.end();
    };
    const auto first = std::stable_partition(names.begin(), names.end(), is_of_both);
    std::vector<std::string> taken(first, names.end());
    names.erase(first, names.end());
    return taken;
}

void leave_out_events(const OpenedObject& object, TracerSchema& schema) {
    object.set_made(kEventsRing, false);
    for (const EventsSchema& each : schema.events) {
        object.set_made(each.name, false);
    }
    schema.events.clear();
    for (const std::string& each : take_of_events(schema.thread_states, schema)) {
        leave_out_thread_state(object, each);
    }
    for (const std::string& each : take_of_events(schema.waiting_calls, schema)) {
        object.set_made(each, false);
    }
}

void leave_out_slots(const OpenedObject& object, TracerSchema& schema) {
    for (const SlotsSchema* each : schema.slots()) {
        for (const char* map : {"", kIndexEnding, kFreeEnding}) {
            object.set_made(each->name + map, false);
        }
        if (bpf_program* in_flight = bpf_object__find_program_by_name(
                object.get(), (each->name + kInFlightEnding).c_str())) {
            bpf_program__set_autoload(in_flight, false);
        }
    }
    schema.histograms.clear();
    schema.counts.clear();
}

}  // namespace

void keep_half(const OpenedObject& object, TracerSchema& schema, bool tells_events) {
    object.set_constant("tally_tells_events", tells_events);
    if (tells_events) {
        leave_out_slots(object, schema);
    } else {
        leave_out_events(object, schema);
    }
}

}  // namespace tally
