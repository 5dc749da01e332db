// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/schema.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>

#include "buckets.h"
#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

constexpr std::string_view kTagPrefix = "tally:";

/// One global of the object, found in a section of its BTF.
struct Variable {
    std::string name;
    std::uint32_t type = 0;  ///< of the variable's content
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::string section;
    std::string tag;  ///< without the prefix; empty: none of ours
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

class SchemaReader {
  public:
    SchemaReader(const bpf_object* object, const std::string& name)
        : object_(object), btf_(bpf_object__btf(object)), name_(name) {
        if (btf_ == nullptr) {
            throw Error("{} has no BTF: build it with clang -g -target bpf", name_);
        }
    }

    TracerSchema read() {
        find_variables();
        const Variable* version = find("tally_wire_version");
        if (version == nullptr || find("tally_tracer") == nullptr) {
            throw Error("{} is not a tally tracer: it has no TRACER(...) declaration", name_);
        }
        if (constant(*version) != TALLY_WIRE_VERSION) {
            throw Error("{} was built for another version of tally: build it again", name_);
        }
        TracerSchema schema;
        for (const Variable& each : variables_) {
            read_variable(each, schema);
        }
        read_probes(schema);
        read_losses(schema);
        if (schema.slots().empty() && schema.events.empty()) {
            throw Error(
                "{} declares nothing to measure: it has no HISTOGRAM(...), COUNTS(...) or "
                "EVENTS(...)",
                name_);
        }
        return schema;
    }

    void read_losses(TracerSchema& schema) const;

  private:
    std::string text(std::uint32_t offset) const {
        const char* found = btf__name_by_offset(btf_, offset);
        return found != nullptr ? found : "";
    }

    const btf_type* type(std::uint32_t id) const { return btf__type_by_id(btf_, id); }

    /// Sections hold variables; a tag of type component -1 is about the variable as a whole.
    void find_variables() {
        const std::uint32_t count = btf__type_cnt(btf_);
        for (std::uint32_t id = 1; id < count; ++id) {
            const btf_type* each = type(id);
            const std::string name = text(each->name_off);
            if (btf_is_decl_tag(each) && btf_decl_tag(each)->component_idx == -1 &&
                name.starts_with(kTagPrefix)) {
                tags_.emplace(each->type, name.substr(kTagPrefix.size()));
            }
        }
        for (std::uint32_t id = 1; id < count; ++id) {
            const btf_type* section = type(id);
            if (!btf_is_datasec(section)) {
                continue;
            }
            const btf_var_secinfo* info = btf_var_secinfos(section);
            for (int i = 0; i < btf_vlen(section); ++i) {
                const btf_type* variable = type(info[i].type);
                if (!btf_is_var(variable)) {
                    continue;
                }
                Variable found{text(variable->name_off), variable->type,
                               info[i].offset,           info[i].size,
                               text(section->name_off),  tag_of(info[i].type)};
                variables_.push_back(std::move(found));
            }
        }
    }

    /// The tag of a variable or function, without the prefix; empty: none.
    std::string tag_of(std::uint32_t id) const {
        const auto found = tags_.find(id);
        return found == tags_.end() ? "" : found->second;
    }

    const Variable* find(std::string_view name) const {
        const auto found = std::find_if(variables_.begin(), variables_.end(),
                                        [&](const Variable& each) { return each.name == name; });
        return found == variables_.end() ? nullptr : &*found;
    }

    /// The value that a constant of .rodata has in the file.
    std::uint64_t constant(const Variable& variable) const {
        const bpf_map* map = nullptr;
        bpf_object__for_each_map(map, object_) {
            std::size_t size = 0;
            const std::string name = bpf_map__name(map);
            if (!name.ends_with(".rodata")) {
                continue;
            }
            // libbpf 1.1 has no const form of this.
            const void* data = bpf_map__initial_value(const_cast<bpf_map*>(map), &size);
            std::uint64_t value = 0;
            if (data != nullptr && variable.size <= sizeof value &&
                std::size_t{variable.offset} + variable.size <= size) {
                std::memcpy(&value, static_cast<const char*>(data) + variable.offset,
                            variable.size);
            }
            return value;
        }
        return 0;
    }

    /// Follows typedefs, const and volatile; the first known typedef on the way gives the meaning.
    const btf_type* resolve(std::uint32_t id, std::vector<std::string>* names = nullptr) const {
        const btf_type* each = type(id);
        while (each != nullptr && (btf_is_mod(each) || btf_is_typedef(each))) {
            if (btf_is_typedef(each) && names != nullptr) {
                names->push_back(text(each->name_off));
            }
            each = type(each->type);
        }
        return each;
    }

    /// Names become options, words for --by, names of members and columns.
    void check_name(const std::string& name) const {
        const auto is_letter = [](char each) {
            return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || each == '_';
        };
        const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
        if (name.empty() || is_digit(name.front()) ||
            !std::all_of(name.begin(), name.end(),
                         [&](char each) { return is_letter(each) || is_digit(each); })) {
            throw Error("{}: '{}' cannot be the name of anything in C", name_, name);
        }
    }

    void read_variable(const Variable& variable, TracerSchema& schema) {
        const std::string_view tag = variable.tag;
        if (!tag.empty()) {
            check_name(variable.name);
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
            schema.selections.push_back(read_selection(variable, *selection));
        } else if (after("waiting_calls:")) {
            const std::uint32_t value = map_member(variable, "key");
            if (meaning(value, variable.name, key_of(variable.name)) != SemanticType::syscall ||
                !is_map(variable.name, BPF_MAP_TYPE_HASH, size_of(value), sizeof(std::uint8_t))) {
                throw Error("{}: '{}' is not declared with WAITING_CALLS(...)", name_,
                            variable.name);
            }
            schema.waiting_calls.push_back(variable.name);
        } else if (const auto counts_help = after("counts:")) {
            schema.counts.push_back(read_counts(variable, *counts_help));
        } else if (const auto events_help = after("events:")) {
            schema.events.push_back(read_events(variable, *events_help));
        } else if (const auto option_help = after("option:")) {
            schema.options.push_back(read_option(variable, *option_help));
        } else if (const auto histogram_help = after("histogram:")) {
            schema.histograms.push_back(read_histogram(variable, *histogram_help));
        } else if (const auto state = after("thread_state:")) {
            schema.thread_states.push_back(*state);
        } else if (const auto optional = after("optional:")) {
            const std::size_t colon = optional->find(':');
            schema.optional_probes.push_back(
                {optional->substr(0, colon),
                 colon == std::string::npos ? "" : optional->substr(colon + 1)});
        } else if (const auto choice = after("choice:")) {
            const std::size_t colon = choice->find(':');
            check_name(choice->substr(0, colon));
            schema.choices.push_back({choice->substr(0, colon),
                                      colon == std::string::npos ? "" : choice->substr(colon + 1),
                                      {}});
        } else if (!tag.empty()) {
            throw Error("{}: this tally does not know the declaration '{}'", name_, tag);
        }
    }

    /// All programs but the engine's own and iterators, with the tags of PROBE().
    void read_probes(TracerSchema& schema) const {
        std::set<std::string> groups;
        bpf_program* program = nullptr;
        bpf_object__for_each_program(program, object_) {
            ProbeSchema probe;
            probe.program = bpf_program__name(program);
            probe.hook = bpf_program__section_name(program);
            if (probe.program.starts_with("tally_cgroup_") ||
                probe.program.starts_with("tally_tree_") || probe.hook.starts_with("iter/") ||
                is_of_thread_state(probe.program, schema)) {
                continue;
            }
            const std::int32_t function =
                btf__find_by_name_kind(btf_, probe.program.c_str(), BTF_KIND_FUNC);
            const std::string tag =
                function > 0 ? tag_of(static_cast<std::uint32_t>(function)) : "";
            if (!tag.empty()) {
                read_probe_tag(tag, probe);
                groups.insert(probe.group);
            }
            schema.probes.push_back(std::move(probe));
        }
        for (const OptionalProbesSchema& each : schema.optional_probes) {
            if (!groups.contains(each.group)) {
                throw Error("{}: OPTIONAL_PROBES({}) names no PROBE()", name_, each.group);
            }
        }
        for (ChoiceSchema& each : schema.choices) {
            for (const std::string& group : groups) {
                const std::vector<std::string> parts = split(group, '.');
                if (parts.size() > 1 && parts[0] == each.name &&
                    std::find(each.values.begin(), each.values.end(), parts[1]) ==
                        each.values.end()) {
                    each.values.push_back(parts[1]);
                }
            }
            if (each.values.empty()) {
                throw Error("{}: CHOICE({}) has no PROBE() to choose from", name_, each.name);
            }
        }
    }

    /// "probe:GROUP:WAY" or "probe:GROUP:WAY:PARAMETERS"
    void read_probe_tag(const std::string& tag, ProbeSchema& probe) const {
        const std::vector<std::string> parts = split(tag, ':');
        if (parts.size() < 3 || parts.size() > 4 || parts[0] != "probe" || parts[1].empty()) {
            throw Error("{}: '{}' is not declared with PROBE(...)", name_, probe.program);
        }
        probe.group = parts[1];
        probe.way = parts[2];
        if (parts.size() == 4) {
            std::uint32_t count = 0;
            const char* const end = parts[3].data() + parts[3].size();
            if (std::from_chars(parts[3].data(), end, count).ptr != end || parts[3].empty()) {
                throw Error("{}: '{}' is not declared with PROBE_WITH(...)", name_, probe.program);
            }
            probe.parameters = count;
        }
    }

    /// Of a THREAD_STATE(): loaded or not as it is kept.
    static bool is_of_thread_state(const std::string& program, const TracerSchema& schema) {
        return std::any_of(
            schema.thread_states.begin(), schema.thread_states.end(), [&](const std::string& each) {
                return program == each + "_thread_made" || program == each + "_threads_existing" ||
                       program == each + "_thread_gone";
            });
    }

    OptionSchema read_option(const Variable& variable, const std::string& help) const {
        const btf_type* content = resolve(variable.type);
        const bool is_bool = btf_is_int(content) && (btf_int_encoding(content) & BTF_INT_BOOL) != 0;
        if (!btf_is_int(content) || (btf_int_encoding(content) & BTF_INT_SIGNED) != 0 ||
            (!is_bool && content->size != 4 && content->size != 8) ||
            content->size != variable.size || variable.section != ".rodata") {
            throw Error(
                "{}: option '{}' must be declared with OPTION(...) as a bool, __u32 or __u64",
                name_, variable.name);
        }
        OptionSchema option;
        option.variable = variable.name;
        option.name = variable.name;
        std::replace(option.name.begin(), option.name.end(), '_', '-');
        option.is_flag = is_bool;
        option.initial = constant(variable);
        option.largest = variable.size >= 8 ? ~0ULL : (1ULL << (8 * variable.size)) - 1;
        option.help = help;
        return option;
    }

    /// The type that a map's definition gives for `member` ("key" or "value"): a pointer to it.
    std::uint32_t map_member(const Variable& map, std::string_view member) const {
        const btf_type* definition = resolve(map.type);
        if (definition != nullptr && btf_is_struct(definition)) {
            const btf_member* each = btf_members(definition);
            for (int i = 0; i < btf_vlen(definition); ++i) {
                const btf_type* pointer = type(each[i].type);
                if (text(each[i].name_off) == member && btf_is_ptr(pointer)) {
                    return pointer->type;
                }
            }
        }
        throw Error("{}: map '{}' has no {}", name_, map.name, member);
    }

    SelectionSchema read_selection(const Variable& map, const std::string& declared) const {
        const std::vector<std::string> parts = split(declared, ':');
        if (parts.size() < 3 || map.name != parts[0] + "_selected") {
            throw Error("{}: '{}' is not declared with SELECTION(...)", name_, map.name);
        }
        SelectionSchema selection;
        selection.name = parts[0];
        std::replace(selection.name.begin(), selection.name.end(), '_', '-');
        selection.letter = parts[1];
        selection.help = declared.substr(parts[0].size() + parts[1].size() + 2);
        selection.set = map.name;
        selection.constant = parts[0] + "_selection";
        const std::uint32_t value = map_member(map, "key");
        selection.type = meaning_in_event(value) == SemanticType::signal
                             ? SemanticType::signal
                             : meaning(value, parts[0], key_of(map.name));
        selection.size = size_of(value);
        if (selection.type == SemanticType::enumeration) {
            read_names(resolve(value), selection.names);
        }
        if (selection.type == SemanticType::text || selection.type == SemanticType::comm ||
            selection.size > sizeof(std::uint64_t) ||
            !is_map(map.name, BPF_MAP_TYPE_HASH, selection.size, sizeof(std::uint8_t))) {
            throw Error("{}: the values of selection '{}' must be integers", name_, parts[0]);
        }
        return selection;
    }

    std::size_t size_of(std::uint32_t id) const {
        return static_cast<std::size_t>(std::max<std::int64_t>(0, btf__resolve_size(btf_, id)));
    }

    /// The part that all maps of slots have in common: struct NAME_slot { struct NAME_key key;
    /// CONTENT content; }. Returns the type of the content.
    std::uint32_t read_slots(const Variable& map, const std::string& help,
                             SlotsSchema& slots) const {
        slots.name = map.name;
        slots.help = help;
        const std::uint32_t slot = map_member(map, "value");
        const btf_type* layout = resolve(slot);
        if (!btf_is_struct(layout) || btf_vlen(layout) != 2) {
            throw Error("{}: '{}' is not declared with HISTOGRAM(...) or COUNTS(...)", name_,
                        map.name);
        }
        const std::uint32_t key = btf_members(layout)[0].type;
        slots.key_size = size_of(key);
        slots.slot_size = size_of(slot);

        std::vector<KeyField> fields;
        unfold(key, 0, fields, key_of(map.name));
        std::size_t end = 0;
        for (const KeyField& each : fields) {
            // Padding holds whatever was on the stack: one key would become many.
            if (each.offset != end) {
                throw Error("{}: the key of '{}' has padding before '{}'", name_, map.name,
                            each.name);
            }
            end = each.offset + each.size;
        }
        if (fields.empty() || fields.back().name != "shard" || end != slots.key_size) {
            throw Error("{}: the key of '{}' has padding at its end", name_, map.name);
        }
        slots.shard_offset = fields.back().offset;
        slots.has_own_keys =
            text(resolve(btf_members(resolve(key))[0].type)->name_off) != "subject";
        fields.pop_back();
        if (!begins_with_subject(fields)) {
            throw Error("{}: the key of '{}' must begin with a struct subject", name_, map.name);
        }
        if (!is_map(map.name, BPF_MAP_TYPE_ARRAY, sizeof(std::uint32_t), slots.slot_size) ||
            !is_map(map.name + "_index", BPF_MAP_TYPE_HASH, slots.key_size,
                    sizeof(std::uint32_t)) ||
            !is_map(map.name + "_free", BPF_MAP_TYPE_STACK, 0, sizeof(std::uint32_t))) {
            throw Error("{}: '{}' is not declared with HISTOGRAM(...) or COUNTS(...)", name_,
                        map.name);
        }
        slots.key = std::move(fields);
        return btf_members(layout)[1].type;
    }

    HistogramSchema read_histogram(const Variable& map, const std::string& help) const {
        HistogramSchema histogram;
        // { UNIT sum, min, max; __u64 buckets[]; }
        const btf_type* content = resolve(read_slots(map, help, histogram));
        if (!btf_is_struct(content) || btf_vlen(content) != 4 ||
            histogram.slot_size !=
                histogram.key_size + sizeof(std::uint64_t) * (3 + TALLY_BUCKETS)) {
            throw Error("{}: '{}' is not declared with HISTOGRAM(...)", name_, map.name);
        }
        histogram.unit = unit_of(btf_members(content)[0].type);
        histogram.has_in_flight =
            bpf_object__find_program_by_name(object_, (map.name + "_in_flight").c_str()) != nullptr;
        return histogram;
    }

    CountsSchema read_counts(const Variable& map, const std::string& help) const {
        CountsSchema counts;
        const btf_type* content = resolve(read_slots(map, help, counts));
        if (!btf_is_struct(content) || btf_vlen(content) == 0) {
            throw Error("{}: what '{}' counts must be a struct", name_, map.name);
        }
        const btf_member* member = btf_members(content);
        for (int i = 0; i < btf_vlen(content); ++i) {
            const std::string field = text(member[i].name_off);
            check_name(field);
            const btf_type* value = resolve(member[i].type);
            if (value == nullptr || !btf_is_int(value) || size_of(member[i].type) != 8 ||
                (btf_int_encoding(value) & BTF_INT_SIGNED)) {
                throw Error("{}: count '{}' of '{}' must be a __u64, duration_ns or bytes", name_,
                            field, map.name);
            }
            counts.values.push_back({field, unit_of(member[i].type)});
        }
        if (counts.slot_size != counts.key_size + sizeof(std::uint64_t) * counts.values.size()) {
            throw Error("{}: the counts of '{}' have padding", name_, map.name);
        }
        return counts;
    }

    /// struct NAME_scratch { __u64 users; struct NAME_record { struct tally_event_front front;
    /// EVENT event; char text[]; } record; }
    EventsSchema read_events(const Variable& map, const std::string& help) const {
        EventsSchema events;
        events.name = map.name;
        events.help = help;
        events.kind = map.name + "_kind";
        const Variable* kind = find(events.kind);
        const std::uint32_t value = map_member(map, "value");
        const btf_type* scratch = resolve(value);
        const btf_type* record = btf_is_struct(scratch) && btf_vlen(scratch) == 2
                                     ? resolve(btf_members(scratch)[1].type)
                                     : nullptr;
        if (record == nullptr || !btf_is_struct(record) || btf_vlen(record) != 3 ||
            kind == nullptr || kind->size != 4 || kind->section != ".rodata" ||
            btf_member_bit_offset(record, 1) != 8 * sizeof(tally_event_front) ||
            !is_map(map.name, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(std::uint32_t), size_of(value)) ||
            !is_map("tally_events", BPF_MAP_TYPE_RINGBUF, 0, 0)) {
            throw Error("{}: '{}' is not declared with EVENTS(...)", name_, map.name);
        }
        const btf_member* event = btf_members(record) + 1;
        events.struct_size = size_of(event->type);
        unfold(event->type, 0, events.fields, struct_of(map.name));
        constexpr std::array kHead{SemanticType::time, SemanticType::cgroup, SemanticType::pid,
                                   SemanticType::tid, SemanticType::comm};
        const btf_type* layout = resolve(event->type);
        // Three 64-bit numbers' worth of these, and a name of 16 bytes.
        if (btf_vlen(layout) == 0 || size_of(btf_members(layout)[0].type) != 3 * 8 + 16 ||
            text(resolve(btf_members(layout)[0].type)->name_off) != "event_head" ||
            !begins_with(events.fields, kHead)) {
            throw Error("{}: the struct of '{}' must begin with a struct event_head", name_,
                        map.name);
        }
        events.fields.erase(events.fields.begin(), events.fields.begin() + kHead.size());
        check_columns(events);
        return events;
    }

    /// All members of a record stand side by side.
    void check_columns(const EventsSchema& events) const {
        std::set<std::string> taken{"schema",    "type",      "tool",      "name",
                                    "time",      "pid",       "tid",       "comm",
                                    "container", "runtime",   "cgroup",    "container_id",
                                    "pod",       "cgroup_id", "namespace", "systemd_unit"};
        const auto take = [&](const std::string& name) {
            if (!taken.insert(name).second) {
                throw Error("{}: field '{}' of '{}' has the name of another member", name_, name,
                            events.name);
            }
        };
        for (const EventField& each : events.fields) {
            take(each.name);
            if (each.type == SemanticType::words) {
                take(each.name + "_cut");
            }
            if (each.offset + each.size > events.struct_size) {
                throw Error("{}: field '{}' of '{}' is outside of its struct", name_, each.name,
                            events.name);
            }
        }
    }

    static std::string key_of(const std::string& map) { return "the key of '" + map + "'"; }
    static std::string struct_of(const std::string& map) { return "the struct of '" + map + "'"; }

    Unit unit_of(std::uint32_t id) const {
        std::vector<std::string> typedefs;
        resolve(id, &typedefs);
        for (const std::string& each : typedefs) {
            if (each == "duration_ns") {
                return Unit::nanoseconds;
            }
            if (each == "bytes") {
                return Unit::bytes;
            }
        }
        return Unit::count;
    }

    /// Whether libbpf reads the map as user space does: a reading is as long as the kernel's map
    /// says.
    bool is_map(const std::string& map, bpf_map_type type, std::size_t key,
                std::size_t value) const {
        const bpf_map* found = bpf_object__find_map_by_name(object_, map.c_str());
        return found != nullptr && bpf_map__type(found) == type &&
               bpf_map__key_size(found) == key && bpf_map__value_size(found) == value;
    }

    template <typename Field, std::size_t count>
    static bool begins_with(const std::vector<Field>& fields,
                            const std::array<SemanticType, count>& types) {
        return fields.size() >= count &&
               std::equal(types.begin(), types.end(), fields.begin(),
                          [](SemanticType type, const Field& each) { return each.type == type; });
    }

    static bool begins_with_subject(const std::vector<KeyField>& fields) {
        return begins_with(fields, std::array{SemanticType::cgroup, SemanticType::pid,
                                              SemanticType::tid, SemanticType::comm});
    }

    /// What `id`, a struct, consists of. `whole` says in messages what it is.
    template <typename Field>
    void unfold(std::uint32_t id, std::size_t base, std::vector<Field>& fields,
                const std::string& whole) const {
        constexpr bool is_event = std::is_same_v<Field, EventField>;
        const btf_type* key = resolve(id);
        if (key == nullptr || !btf_is_struct(key)) {
            throw Error("{}: {} must be a struct", name_, whole);
        }
        const btf_member* member = btf_members(key);
        for (int i = 0; i < btf_vlen(key); ++i) {
            const std::uint32_t index = static_cast<std::uint32_t>(i);
            const std::size_t offset = base + btf_member_bit_offset(key, index) / 8;
            const btf_type* content = resolve(member[i].type);
            std::optional<SemanticType> of_event;
            if constexpr (is_event) {
                of_event = meaning_in_event(member[i].type);
            }
            if (content != nullptr && btf_is_struct(content) && !of_event) {
                unfold(member[i].type, offset, fields, whole);
                continue;
            }
            Field field;
            field.name = text(member[i].name_off);
            check_name(field.name);
            field.offset = offset;
            field.size = size_of(member[i].type);
            field.type = of_event ? *of_event : meaning(member[i].type, field.name, whole);
            if (btf_member_bitfield_size(key, index) != 0 || !has_size_of(field)) {
                throw Error("{}: field '{}' of {} has a size that cannot be shown", name_,
                            field.name, whole);
            }
            field.unit = unit_of(member[i].type);
            if (field.type == SemanticType::enumeration) {
                read_names(content, field.names);
            }
            fields.push_back(std::move(field));
        }
    }

    /// Whether a field is as long as values of its type are.
    static bool has_size_of(const KeyField& field) {
        switch (field.type) {
            case SemanticType::cgroup:
                return field.size == 8;
            case SemanticType::pid:
            case SemanticType::tid:
            case SemanticType::syscall:
            case SemanticType::error:
            case SemanticType::capability:
                return field.size == 4;
            case SemanticType::comm:
                return field.size == 16;
            case SemanticType::number:
            case SemanticType::signed_number:
                return field.size == 1 || field.size == 2 || field.size == 4 || field.size == 8;
            case SemanticType::text:
                return field.size != 0;
            case SemanticType::time:
                return field.size == 8;
            case SemanticType::signal:
            case SemanticType::open_flags:
            case SemanticType::file_mode:
            case SemanticType::natural_or_none:
            case SemanticType::enumeration:
                return field.size == 4;
            case SemanticType::boolean:
                return field.size == 1;
            case SemanticType::container:
                return field.size == 8;
            case SemanticType::arguments:
                return field.size == 6 * sizeof(std::uint64_t);
            case SemanticType::named_flags:
                return field.size == sizeof(tally_flags);
            case SemanticType::address:
                return field.size == sizeof(tally_ip);
            case SemanticType::string:
            case SemanticType::words:
                return field.size == sizeof(tally_text);
        }
        return false;
    }

    /// What a type means in events and not in keys; none: what it means in keys.
    std::optional<SemanticType> meaning_in_event(std::uint32_t id) const {
        constexpr std::pair<std::string_view, SemanticType> kTypes[] = {
            {"timestamp_ns", SemanticType::time},
            {"signal_nr", SemanticType::signal},
            {"ip_addr", SemanticType::address},
            {"open_flags", SemanticType::open_flags},
            {"file_mode", SemanticType::file_mode},
            {"natural_or_none", SemanticType::natural_or_none},
            {"container_of_cgroup", SemanticType::container},
            {"call_arguments", SemanticType::arguments},
            {"named_flags", SemanticType::named_flags},
            {"path", SemanticType::string},
            {"argument_vector", SemanticType::words},
        };
        std::vector<std::string> typedefs;
        const btf_type* content = resolve(id, &typedefs);
        for (const std::string& each : typedefs) {
            for (const auto& [name, type] : kTypes) {
                if (each == name) {
                    return type;
                }
            }
        }
        if (content != nullptr && btf_is_int(content) &&
            (btf_int_encoding(content) & BTF_INT_BOOL) != 0) {
            return SemanticType::boolean;
        }
        return std::nullopt;
    }

    void read_names(const btf_type* enumeration, std::map<std::int64_t, std::string>& names) const {
        const struct btf_enum* each = ::btf_enum(enumeration);
        for (int i = 0; i < btf_vlen(enumeration); ++i) {
            names.emplace(each[i].val, lower(text(each[i].name_off)));
        }
    }

    static std::string lower(std::string name) {
        std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        });
        return name;
    }

    SemanticType meaning(std::uint32_t id, const std::string& field,
                         const std::string& whole) const {
        std::vector<std::string> typedefs;
        const btf_type* content = resolve(id, &typedefs);
        for (const std::string& each : typedefs) {
            if (each == "cgroup_id") {
                return SemanticType::cgroup;
            }
            if (each == "pid_nr") {
                return SemanticType::pid;
            }
            if (each == "tid_nr") {
                return SemanticType::tid;
            }
            if (each == "comm") {
                return SemanticType::comm;
            }
            if (each == "syscall_nr") {
                return SemanticType::syscall;
            }
            if (each == "errno_nr") {
                return SemanticType::error;
            }
            if (each == "capability_nr") {
                return SemanticType::capability;
            }
        }
        if (content != nullptr && btf_is_int(content)) {
            return (btf_int_encoding(content) & BTF_INT_SIGNED) ? SemanticType::signed_number
                                                                : SemanticType::number;
        }
        if (content != nullptr && btf_is_array(content) &&
            btf__resolve_size(btf_, btf_array(content)->type) == 1) {
            return SemanticType::text;
        }
        if (content != nullptr && ::btf_is_enum(content)) {
            return SemanticType::enumeration;
        }
        throw Error("{}: field '{}' of {} has a type that cannot be shown", name_, field, whole);
    }

    const bpf_object* object_;
    const btf* btf_;
    const std::string& name_;
    std::map<std::uint32_t, std::string> tags_;  ///< by the type that is tagged
    std::vector<Variable> variables_;
};

void SchemaReader::read_losses(TracerSchema& schema) const {
    const std::int32_t id = btf__find_by_name_kind(btf_, "tally_counter", BTF_KIND_ENUM);
    const bpf_map* map = bpf_object__find_map_by_name(object_, "tally_counters");
    if (id < 0 || map == nullptr || bpf_map__type(map) != BPF_MAP_TYPE_PERCPU_ARRAY ||
        bpf_map__value_size(map) != sizeof(std::uint64_t)) {
        throw Error("{} does not count what it loses: include tally.bpf.h", name_);
    }
    const btf_type* counters = type(static_cast<std::uint32_t>(id));
    const struct btf_enum* each = ::btf_enum(counters);
    for (int i = 0; i + 1 < btf_vlen(counters); ++i) {  // the last one is their number
        std::string name = text(each[i].name_off);
        if (name.starts_with("LOST_")) {
            name.erase(0, 5);
        }
        schema.losses.push_back(lower(name));
    }
}

}  // namespace

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

bool TracerSchema::has_alternatives() const {
    return std::any_of(probes.begin(), probes.end(), [](const ProbeSchema& each) {
        return !each.group.empty() || each.hook.starts_with("fentry/") ||
               each.hook.starts_with("fexit/");
    });
}

TracerSchema read_schema(const bpf_object* object, const std::string& name) {
    return SchemaReader(object, name).read();
}

TracerSchema read_engine_schema(const bpf_object* object, const std::string& name) {
    TracerSchema schema;
    SchemaReader(object, name).read_losses(schema);
    return schema;
}

}  // namespace tally
