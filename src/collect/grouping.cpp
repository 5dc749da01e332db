// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/grouping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "collect/owner_fields.h"
#include "fields/key_value.h"
#include "host/system_calls.h"
#include "model/heading.h"
#include "util/error.h"
#include "util/unix_time.h"

namespace tally {
namespace {

Value text_or_null(const std::optional<std::string>& text) {
    return text ? Value(*text) : Value();
}

/// A name occurs once in a key. If two words of --by give the same name, `finer` says whether this
/// value is the more exact one: a cgroup itself, not that of its container.
void set_field(std::vector<Field>& fields, std::string name, Value value, bool finer = true) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& each) { return each.name == name; });
    if (found == fields.end()) {
        fields.push_back({std::move(name), std::move(value)});
    } else if (finer) {
        found->value = std::move(value);
    }
}

const StructField* subject_cgroup(const SlotsSchema& slots) {
    const bool is_there = !slots.key.empty() && slots.key.front().is_cgroup();
    return is_there ? &slots.key.front() : nullptr;
}

/// Two keys are one row if all their written fields are equal: a restarted service is one row,
/// though its cgroup is a new one. Each value is preceded by its type and length, so none runs into
/// the next.
std::string identity_of(const std::vector<Field>& fields) {
    std::string identity;
    for (const Field& each : fields) {
        const std::string text = std::visit(
            [](const auto& value) -> std::string {
                using T = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<T, std::monostate>) {
                    return "";
                } else if constexpr (std::is_same_v<T, Moment>) {
                    return std::to_string(value.time);
                } else {
                    return fmt::format("{}", value);
                }
            },
            each.value);
        identity += fmt::format("{}:{}:{}", each.value.index(), text.size(), text);
    }
    return identity;
}

/// The words of --by that a cgroup has, and what they make of it. Those of a cgroup other than the
/// subject's begin with its name, and the name alone stands for its container.
std::vector<std::pair<std::string, Grouping::Kind>> words_of(const StructField& field,
                                                             bool is_subject) {
    using Kind = Grouping::Kind;
    if (is_subject) {
        return {{"container", Kind::container},
                {"pod", Kind::pod},
                {"unit", Kind::unit},
                {field.name, Kind::cgroup}};
    }
    return {{field.name, Kind::container},
            {field.name + "_pod", Kind::pod},
            {field.name + "_unit", Kind::unit},
            {field.name + "_cgroup", Kind::cgroup}};
}

}  // namespace

std::vector<Grouping::Part> Grouping::all_parts(const SlotsSchema& slots) {
    std::vector<Part> parts;
    std::vector<Part> fields;
    for (const StructField& each : slots.key) {
        if (!each.is_cgroup()) {
            fields.push_back({each.name, Kind::field, each, ""});
            continue;
        }
        const bool is_subject = &each == subject_cgroup(slots);
        for (auto& [word, kind] : words_of(each, is_subject)) {
            const std::string prefix = is_subject ? "" : each.name + "_";
            // `container`, `pod` and `unit` come before all fields.
            auto& place = is_subject && kind != Kind::cgroup ? parts : fields;
            place.push_back({std::move(word), kind, each, prefix});
        }
    }
    parts.insert(parts.end(), fields.begin(), fields.end());
    return parts;
}

std::vector<std::string> Grouping::choices(const SlotsSchema& slots) {
    std::vector<std::string> all;
    for (const Part& each : all_parts(slots)) {
        all.push_back(each.word);
    }
    all.emplace_back("none");
    return all;
}

Grouping::Grouping(const std::vector<std::string>& by, const SlotsSchema& slots)
    : clock_offset_(monotonic_to_unix()) {
    if (by.size() == 1 && by.front() == "none") {
        return;
    }
    const std::vector<Part> known = all_parts(slots);
    for (const std::string& word : by) {
        if (std::count(by.begin(), by.end(), word) > 1) {
            throw UsageError("--by {}: listed twice", word);
        }
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const Part& each) { return each.word == word; });
        if (found == known.end()) {
            throw UsageError("--by {}: there is no such key; keys are {}{}", word,
                             fmt::join(choices(slots), ", "),
                             word == "none" ? " (none cannot be combined)" : "");
        }
        parts_.push_back(*found);
        headings_.push_back(
            heading_of(word, found->kind == Kind::field ? found->field.unit : Unit::count));
        if (!found->prefix.empty()) {
            add_other_cgroup(*found);
        }
    }
}

void Grouping::add_other_cgroup(const Part& part) {
    const bool names_it = part.kind == Kind::container || part.kind == Kind::cgroup;
    const auto is_its = [&](const CgroupColumn& each) { return each.prefix == part.prefix; };
    if (names_it && std::none_of(other_columns_.begin(), other_columns_.end(), is_its)) {
        other_columns_.push_back({headings_.size() - 1, part.prefix});
    }
    const auto same = [&](const StructField& each) { return each.offset == part.field.offset; };
    if (std::none_of(other_cgroups_.begin(), other_cgroups_.end(), same)) {
        other_cgroups_.push_back(part.field);
    }
}

std::vector<std::string> Grouping::key_names() const {
    // They are the same for all keys, so a key of zeros gives them too, on a machine without
    // cgroups.
    std::size_t size = 0;
    for (const Part& each : parts_) {
        size = std::max(size, each.field.offset + each.field.size);
    }
    const std::vector<std::byte> zeros(size);
    const Containers none{ContainerPaths{}};
    std::vector<std::string> names;
    for (const Field& each : resolve(zeros.data(), none).name.key) {
        names.push_back(each.name);
    }
    return names;
}

bool Grouping::needs_cgroups() const {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& each) { return each.kind != Kind::field; });
}

void Grouping::configure(Tracer& tracer) const {
    // A part of a subject, or a key of the tracer's own, that has such a constant is left out of
    // the map if no row uses it.
    for (const SlotsSchema* slots : tracer.schema().slots()) {
        for (const StructField& field : slots->key) {
            const std::string constant = "by_" + field.name;
            if (tracer.has_constant(constant)) {
                tracer.set_constant(
                    constant, std::any_of(parts_.begin(), parts_.end(), [&](const Part& each) {
                        return each.field.name == field.name;
                    }));
            }
        }
    }
}

namespace {

/// Adds a key's own field to a row's name.
void add_field(const StructField& field, const std::byte* key, std::int64_t clock_offset,
               RowName& name) {
    KeyValue named = key_value(field, key, clock_offset);
    set_field(name.key, field.name, named.value);
    if (field.is_system_call()) {
        const auto* call = std::get_if<std::string>(&named.value);
        const bool waits = call != nullptr && waits_by_nature(*call);
        if (field.name == "syscall") {  // other system calls are not what is measured
            name.waits_by_nature = waits;
            set_field(name.key, "waits_by_nature", waits);
        }
        if (name.waits_by_nature) {
            std::get<std::string>(named.label) += " ~";
        }
    }
    if (field.is_text()) {
        set_field(name.key, field.name + "_cut", named.is_cut);
    }
    name.labels.push_back(std::move(named.label));
}

void add_container(const Owner& owner, const std::string& prefix, RowName& name) {
    for (Field& each : owner_fields(owner)) {
        const bool finer = each.name != "systemd_unit" && each.name != "cgroup";
        set_field(name.key, prefix + each.name, std::move(each.value), finer);
    }
    name.labels.push_back(owner.label());
}

void add_pod(const Owner& owner, const std::string& prefix, RowName& name) {
    const auto pod = owner.container ? owner.container->pod : std::nullopt;
    const auto space = owner.container ? owner.container->pod_namespace : std::nullopt;
    set_field(name.key, prefix + "pod", text_or_null(pod));
    set_field(name.key, prefix + "namespace", text_or_null(space));
    name.labels.push_back((space ? *space + "/" : "") + pod.value_or("-"));
}

void add_unit(const std::optional<std::string>& unit, const std::string& prefix, RowName& name) {
    set_field(name.key, prefix + "systemd_unit", text_or_null(unit));
    name.labels.push_back(unit.value_or("-"));
}

void add_cgroup(CgroupId id, const std::optional<std::string>& path, const std::string& prefix,
                RowName& name) {
    set_field(name.key, prefix + "cgroup", text_or_null(path));
    set_field(name.key, prefix + "cgroup_id", id);
    name.labels.push_back(path ? *path : fmt::format("unknown cgroup {}", id));
}

}  // namespace

RowKey Grouping::resolve(const std::byte* key, const Containers& containers) const {
    RowKey row;
    for (const Part& part : parts_) {
        const CgroupId cgroup = number_at(part.field, key);  // without meaning for Kind::field
        switch (part.kind) {
            case Kind::container:
                add_container(containers.owner_of(cgroup), part.prefix, row.name);
                break;
            case Kind::pod:
                add_pod(containers.owner_of(cgroup), part.prefix, row.name);
                break;
            case Kind::unit:
                add_unit(containers.unit_of(cgroup), part.prefix, row.name);
                break;
            case Kind::cgroup:
                add_cgroup(cgroup, containers.path_of(cgroup), part.prefix, row.name);
                break;
            case Kind::field:
                add_field(part.field, key, clock_offset_, row.name);
                break;
        }
    }
    row.identity = identity_of(row.name.key);
    return row;
}

}  // namespace tally
