// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/declarations.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "buckets.h"
#include "tracer/engine_names.h"
#include "tracer/struct_fields.h"
#include "util/error.h"
#include "util/split.h"
#include "wire.h"

namespace tally {
namespace {

/// The types at the beginning of each key (struct subject), and of each event (struct event_head).
constexpr std::string_view kSubject[] = {"cgroup_id", "pid_nr", "tid_nr", "comm"};
constexpr std::string_view kHead[] = {"timestamp_ns", "cgroup_id", "pid_nr", "tid_nr", "comm"};

bool begins_with(const std::vector<StructField>& fields, std::span<const std::string_view> types) {
    return fields.size() >= types.size() &&
           std::equal(types.begin(), types.end(), fields.begin(),
                      [](std::string_view type, const StructField& each) {
                          return each.type == &field_type(type);
                      });
}

/// The words of --by must be distinct, and so must the members of a row's key.
void check_key(const BtfView& view, const SlotsSchema& slots) {
    std::set<std::string> taken{"none", "container", "container_id", "runtime",  "pod",
                                "unit", "namespace", "systemd_unit", "cgroup_id"};
    const auto take = [&](const std::string& name) {
        if (!taken.insert(name).second) {
            throw Error("{}: field '{}' of {} has the name of another key", view.name(), name,
                        key_of(slots.name));
        }
    };
    for (const StructField& each : slots.key) {
        take(each.name);
        if (each.is_text()) {
            take(each.name + "_cut");
        }
        if (each.is_cgroup() && &each != &slots.key.front()) {
            for (const char* member : {"container", "container_id", "runtime", "pod", "namespace",
                                       "systemd_unit", "unit", "cgroup", "cgroup_id"}) {
                take(each.name + "_" + member);
            }
        }
        if (each.is_system_call() && each.name == "syscall") {
            take("waits_by_nature");
        }
    }
}

/// The part that all maps of slots have in common: struct NAME_slot { struct NAME_key key;
/// CONTENT content; }. Returns the type of the content.
std::uint32_t read_slots(const BtfView& view, const Variable& map, const std::string& help,
                         SlotsSchema& slots) {
    slots.name = map.name;
    slots.help = help;
    const std::uint32_t slot = view.map_member(map, "value");
    const btf_type* layout = view.resolve(slot);
    if (!btf_is_struct(layout) || btf_vlen(layout) != 2) {
        throw Error("{}: '{}' is not declared with HISTOGRAM(...) or COUNTS(...)", view.name(),
                    map.name);
    }
    const std::uint32_t key = btf_members(layout)[0].type;
    slots.key_size = view.size_of(key);
    slots.slot_size = view.size_of(slot);

    std::vector<StructField> fields = fields_of(view, key, FieldPlace::key, key_of(map.name));
    std::size_t end = 0;
    for (const StructField& each : fields) {
        // Padding holds whatever was on the stack: one key would become many.
        if (each.offset != end) {
            throw Error(
                "{}: the key of '{}' has padding before '{}': fill it with a field, or put the "
                "larger fields first",
                view.name(), map.name, each.name);
        }
        end = each.offset + each.size;
    }
    if (fields.empty() || fields.back().name != "shard" || end != slots.key_size) {
        throw Error("{}: the key of '{}' has padding at its end: fill it with a field", view.name(),
                    map.name);
    }
    slots.shard_offset = fields.back().offset;
    slots.has_own_keys =
        view.text(view.resolve(btf_members(view.resolve(key))[0].type)->name_off) != "subject";
    fields.pop_back();
    if (!begins_with(fields, kSubject)) {
        throw Error("{}: the key of '{}' must begin with a struct subject", view.name(), map.name);
    }
    if (!view.is_map(map.name, BPF_MAP_TYPE_ARRAY, sizeof(std::uint32_t), slots.slot_size) ||
        !view.is_map(map.name + kIndexEnding, BPF_MAP_TYPE_HASH, slots.key_size,
                     sizeof(std::uint32_t)) ||
        !view.is_map(map.name + kFreeEnding, BPF_MAP_TYPE_STACK, 0, sizeof(std::uint32_t))) {
        throw Error("{}: '{}' is not declared with HISTOGRAM(...) or COUNTS(...)", view.name(),
                    map.name);
    }
    slots.key = std::move(fields);
    check_key(view, slots);
    return btf_members(layout)[1].type;
}

/// All members of a record stand side by side, so their names must be distinct.
void check_columns(const BtfView& view, const EventsSchema& events) {
    std::set<std::string> taken{"schema",    "type",      "tool",      "name",
                                "time",      "pid",       "tid",       "comm",
                                "container", "runtime",   "cgroup",    "container_id",
                                "pod",       "cgroup_id", "namespace", "systemd_unit"};
    const auto take = [&](const std::string& name) {
        if (!taken.insert(name).second) {
            throw Error(
                "{}: field '{}' of '{}' has the name of another member of the record: rename it",
                view.name(), name, events.name);
        }
    };
    for (const StructField& each : events.fields) {
        take(each.name);
        if (each.has_cut_mark()) {
            take(each.name + "_cut");
        }
        if (each.offset + each.size > events.struct_size) {
            throw Error("{}: field '{}' of '{}' is outside of its struct", view.name(), each.name,
                        events.name);
        }
    }
}

}  // namespace

OptionSchema read_option(const BtfView& view, const Variable& variable, const std::string& help) {
    const FieldType* type = type_of(view, variable.type);
    const bool is_bool = type == &field_type("bool");
    if (type == nullptr || !type->may_stand_in(FieldPlace::option) ||
        (!is_bool && variable.size != 4 && variable.size != 8) ||
        view.size_of(variable.type) != variable.size || variable.section != ".rodata") {
        throw Error("{}: option '{}' must be declared with OPTION(...) as a bool, __u32 or __u64",
                    view.name(), variable.name);
    }
    OptionSchema option;
    option.variable = variable.name;
    option.name = variable.name;
    std::replace(option.name.begin(), option.name.end(), '_', '-');
    option.is_flag = is_bool;
    option.initial = view.constant(variable);
    option.largest = variable.size >= 8 ? ~0ULL : (1ULL << (8 * variable.size)) - 1;
    option.help = help;
    return option;
}

SelectionSchema read_selection(const BtfView& view, const Variable& map,
                               const std::string& declared) {
    const std::vector<std::string> parts = split(declared, ':');
    if (parts.size() < 3 || map.name != parts[0] + "_selected") {
        throw Error("{}: '{}' is not declared with SELECTION(...)", view.name(), map.name);
    }
    SelectionSchema selection;
    selection.name = parts[0];
    std::replace(selection.name.begin(), selection.name.end(), '_', '-');
    selection.letter = parts[1];
    selection.help = declared.substr(parts[0].size() + parts[1].size() + 2);
    selection.set = map.name;
    selection.constant = parts[0] + "_selection";
    selection.value = field_of(view, view.map_member(map, "key"), FieldPlace::selection,
                               selection.name, key_of(map.name));
    if (!selection.value.type->has_size(selection.value.size) ||
        !view.is_map(map.name, BPF_MAP_TYPE_HASH, selection.value.size, sizeof(std::uint8_t))) {
        throw Error("{}: the values of selection '{}' must be integers", view.name(), parts[0]);
    }
    return selection;
}

std::string read_waiting_calls(const BtfView& view, const Variable& map) {
    const StructField value = field_of(view, view.map_member(map, "key"), FieldPlace::selection,
                                       map.name, key_of(map.name));
    if (!value.is_system_call() ||
        !view.is_map(map.name, BPF_MAP_TYPE_HASH, value.size, sizeof(std::uint8_t))) {
        throw Error("{}: '{}' is not declared with WAITING_CALLS(...)", view.name(), map.name);
    }
    return map.name;
}

/// A map from 64 bits to struct NAME_remembered { struct tally_object object; STATE state; }.
ObjectStateSchema read_object_state(const BtfView& view, const Variable& map) {
    ObjectStateSchema state{map.name, view.size_of(view.map_member(map, "value")),
                            view.find(map.name + kLongestEnding) != nullptr
                                ? view.constant(*view.find(map.name + kLongestEnding))
                                : 0};
    if (state.value_size < sizeof(tally_object) ||
        !view.is_map(map.name, BPF_MAP_TYPE_HASH, sizeof(std::uint64_t), state.value_size) ||
        !view.is_map(map.name + kOldEnding, BPF_MAP_TYPE_ARRAY, sizeof(std::uint32_t),
                     sizeof(tally_old_objects)) ||
        bpf_object__find_program_by_name(view.object(), (map.name + kForgetOldEnding).c_str()) ==
            nullptr) {
        throw Error("{}: '{}' is not declared with OBJECT_STATE(...)", view.name(), map.name);
    }
    if (state.longest_ns == 0 ||
        bpf_map__max_entries(bpf_object__find_map_by_name(view.object(), map.name.c_str())) == 0) {
        throw Error("{}: '{}' must have room for an object, which may live for a second at least",
                    view.name(), map.name);
    }
    return state;
}

void read_in_flight_of(const BtfView& view, const Variable& offset, TracerSchema& schema) {
    const std::vector<std::string> parts = split(offset.tag, ':');
    const auto histogram =
        std::find_if(schema.histograms.begin(), schema.histograms.end(),
                     [&](const HistogramSchema& each) { return each.name == parts.at(1); });
    const auto objects = std::find_if(
        schema.object_states.begin(), schema.object_states.end(),
        [&](const ObjectStateSchema& each) { return parts.size() == 3 && each.name == parts[2]; });
    const std::uint64_t at = view.constant(offset);
    if (histogram == schema.histograms.end() || objects == schema.object_states.end() ||
        at < sizeof(tally_object) || at + histogram->shard_offset > objects->value_size) {
        throw Error("{}: '{}' is not declared with IN_FLIGHT_OF(...)", view.name(), offset.name);
    }
    histogram->has_in_flight = true;
    histogram->in_flight_of = InFlightOf{objects->name, objects->value_size, at};
}

HistogramSchema read_histogram(const BtfView& view, const Variable& map, const std::string& help) {
    HistogramSchema histogram;
    // { UNIT sum, min, max; __u64 buckets[]; }
    const btf_type* content = view.resolve(read_slots(view, map, help, histogram));
    if (!btf_is_struct(content) || btf_vlen(content) != 4 ||
        histogram.slot_size != histogram.key_size + sizeof(std::uint64_t) * (3 + TALLY_BUCKETS)) {
        throw Error("{}: '{}' is not declared with HISTOGRAM(...)", view.name(), map.name);
    }
    histogram.unit = unit_of(view, btf_members(content)[0].type);
    histogram.has_in_flight = bpf_object__find_program_by_name(
                                  view.object(), (map.name + kInFlightEnding).c_str()) != nullptr;
    return histogram;
}

CountsSchema read_counts(const BtfView& view, const Variable& map, const std::string& help) {
    CountsSchema counts;
    const btf_type* content = view.resolve(read_slots(view, map, help, counts));
    if (!btf_is_struct(content) || btf_vlen(content) == 0) {
        throw Error("{}: the type of the counts of '{}' must be a struct", view.name(), map.name);
    }
    const btf_member* member = btf_members(content);
    for (int i = 0; i < btf_vlen(content); ++i) {
        const std::string field = view.text(member[i].name_off);
        view.check_name(field);
        const btf_type* value = view.resolve(member[i].type);
        if (value == nullptr || !btf_is_int(value) || view.size_of(member[i].type) != 8 ||
            (btf_int_encoding(value) & BTF_INT_SIGNED)) {
            throw Error("{}: count '{}' of '{}' must be a __u64, duration_ns or bytes", view.name(),
                        field, map.name);
        }
        counts.values.push_back({field, unit_of(view, member[i].type)});
    }
    if (counts.slot_size != counts.key_size + sizeof(std::uint64_t) * counts.values.size()) {
        throw Error("{}: the counts of '{}' have padding", view.name(), map.name);
    }
    return counts;
}

/// struct NAME_scratch { __u64 users; struct NAME_record { struct tally_event_front front;
/// EVENT event; char text[]; } record; }
EventsSchema read_events(const BtfView& view, const Variable& map, const std::string& help) {
    EventsSchema events;
    events.name = map.name;
    events.help = help;
    events.kind = map.name + "_kind";
    const Variable* kind = view.find(events.kind);
    const std::uint32_t value = view.map_member(map, "value");
    const btf_type* scratch = view.resolve(value);
    const btf_type* record = btf_is_struct(scratch) && btf_vlen(scratch) == 2
                                 ? view.resolve(btf_members(scratch)[1].type)
                                 : nullptr;
    if (record == nullptr || !btf_is_struct(record) || btf_vlen(record) != 3 || kind == nullptr ||
        kind->size != 4 || kind->section != ".rodata" ||
        btf_member_bit_offset(record, 1) != 8 * sizeof(tally_event_front) ||
        !view.is_map(map.name, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(std::uint32_t),
                     view.size_of(value)) ||
        !view.is_map(kEventsRing, BPF_MAP_TYPE_RINGBUF, 0, 0)) {
        throw Error("{}: '{}' is not declared with EVENTS(...)", view.name(), map.name);
    }
    const btf_member* event = btf_members(record) + 1;
    events.struct_size = view.size_of(event->type);
    std::vector<StructField> fields =
        fields_of(view, event->type, FieldPlace::event, struct_of(map.name));
    const btf_type* layout = view.resolve(event->type);
    // struct event_head: as long as three 64-bit numbers and a name of 16 bytes.
    if (btf_vlen(layout) == 0 || view.size_of(btf_members(layout)[0].type) != 3 * 8 + 16 ||
        view.text(view.resolve(btf_members(layout)[0].type)->name_off) != "event_head" ||
        !begins_with(fields, kHead)) {
        throw Error("{}: the struct of '{}' must begin with a struct event_head", view.name(),
                    map.name);
    }
    events.fields.assign(fields.begin() + std::size(kHead), fields.end());
    check_columns(view, events);
    return events;
}

OptionalProbesSchema read_optional_probes(const std::string& declared) {
    const std::size_t colon = declared.find(':');
    return {declared.substr(0, colon),
            colon == std::string::npos ? "" : declared.substr(colon + 1)};
}

ChoiceSchema read_choice(const BtfView& view, const std::string& declared) {
    const std::size_t colon = declared.find(':');
    view.check_name(declared.substr(0, colon));
    return {declared.substr(0, colon),
            colon == std::string::npos ? "" : declared.substr(colon + 1),
            {}};
}

}  // namespace tally
