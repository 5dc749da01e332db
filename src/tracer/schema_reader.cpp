// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/schema_reader.h"

#include <optional>
#include <set>
#include <string_view>

#include "tracer/btf_view.h"
#include "tracer/declarations.h"
#include "tracer/engine_names.h"
#include "tracer/probe_tags.h"
#include "util/error.h"
#include "util/split.h"
#include "wire.h"

namespace tally {
namespace {

void read_variable(const BtfView& view, const Variable& variable, TracerSchema& schema) {
    const std::string_view tag = variable.tag;
    if (!tag.empty()) {
        view.check_name(variable.name);
    }
    const auto after = [&](std::string_view prefix) -> std::optional<std::string> {
        if (!tag.starts_with(prefix)) {
            return std::nullopt;
        }
        return std::string(tag.substr(prefix.size()));
    };
    if (const auto summary = after("tracer:")) {
        schema.summary = *summary;
    } else if (const auto by = after("by:")) {
        schema.by = split(*by, ',');
    } else if (const auto selection = after("selection:")) {
        schema.selections.push_back(read_selection(view, variable, *selection));
    } else if (after("waiting_calls:")) {
        schema.waiting_calls.push_back(read_waiting_calls(view, variable));
    } else if (const auto counts_help = after("counts:")) {
        schema.counts.push_back(read_counts(view, variable, *counts_help));
    } else if (const auto events_help = after("events:")) {
        schema.events.push_back(read_events(view, variable, *events_help));
    } else if (const auto option_help = after("option:")) {
        schema.options.push_back(read_option(view, variable, *option_help));
    } else if (const auto histogram_help = after("histogram:")) {
        schema.histograms.push_back(read_histogram(view, variable, *histogram_help));
    } else if (const auto state = after("thread_state:")) {
        schema.thread_states.push_back(*state);
    } else if (const auto of_events = after("only_events:")) {
        schema.only_events.push_back(*of_events);
    } else if (after("object_state:")) {
        schema.object_states.push_back(read_object_state(view, variable));
    } else if (after("in_flight_of:")) {
        return;  // read later, once everything that it names is known
    } else if (const auto optional = after("optional:")) {
        schema.optional_probes.push_back(read_optional_probes(*optional));
    } else if (const auto choice = after("choice:")) {
        schema.choices.push_back(read_choice(view, *choice));
    } else if (!tag.empty() && !after("engine_map:")) {
        throw Error("{}: this version of tally does not know the declaration '{}'", view.name(),
                    tag);
    }
}

/// Checks that each ONLY_EVENTS() names a declaration.
void check_only_events(const BtfView& view, const TracerSchema& schema) {
    std::set<std::string> known(schema.thread_states.begin(), schema.thread_states.end());
    known.insert(schema.waiting_calls.begin(), schema.waiting_calls.end());
    for (const OptionSchema& each : schema.options) {
        known.insert(each.variable);
    }
    for (const std::string& each : schema.only_events) {
        if (!known.contains(each)) {
            throw Error("{}: ONLY_EVENTS({}) names no OPTION, THREAD_STATE or WAITING_CALLS",
                        view.name(), each);
        }
    }
}

void read_losses(const BtfView& view, TracerSchema& schema) {
    const std::int32_t id = btf__find_by_name_kind(view.types(), "tally_counter", BTF_KIND_ENUM);
    const bpf_map* map = bpf_object__find_map_by_name(view.object(), kCounters);
    if (id < 0 || map == nullptr || bpf_map__type(map) != BPF_MAP_TYPE_PERCPU_ARRAY ||
        bpf_map__value_size(map) != sizeof(std::uint64_t)) {
        throw Error("{} does not count its losses: include tally.bpf.h", view.name());
    }
    const btf_type* counters = view.type(static_cast<std::uint32_t>(id));
    const struct btf_enum* each = ::btf_enum(counters);
    for (int i = 0; i + 1 < btf_vlen(counters); ++i) {  // the last one is their number
        std::string name = view.text(each[i].name_off);
        if (name.starts_with("LOST_")) {
            name.erase(0, 5);
        }
        schema.losses.push_back(lower(name));
    }
}

}  // namespace

TracerSchema read_schema(const bpf_object* object, const std::string& name) {
    const BtfView view(object, name);
    const Variable* version = view.find("tally_wire_version");
    if (version == nullptr || view.find("tally_tracer") == nullptr) {
        throw Error("{} is not a tally tracer: it has no TRACER(...) declaration", view.name());
    }
    if (view.constant(*version) != TALLY_WIRE_VERSION) {
        throw Error("{} was built for another version of tally: build it again", view.name());
    }
    TracerSchema schema;
    for (const Variable& each : view.variables()) {
        read_variable(view, each, schema);
    }
    for (const Variable& each : view.variables()) {
        if (each.tag.starts_with("in_flight_of:")) {
            read_in_flight_of(view, each, schema);
        }
    }
    check_only_events(view, schema);
    read_engine(view, schema);
    read_probes(view, schema);
    read_losses(view, schema);
    if (schema.slots().empty() && schema.events.empty()) {
        throw Error(
            "{} declares nothing to measure: it has no HISTOGRAM(...), COUNTS(...) or "
            "EVENTS(...)",
            view.name());
    }
    return schema;
}

TracerSchema read_engine_schema(const bpf_object* object, const std::string& name) {
    const BtfView view(object, name);
    TracerSchema schema;
    read_engine(view, schema);
    read_losses(view, schema);
    return schema;
}

}  // namespace tally
