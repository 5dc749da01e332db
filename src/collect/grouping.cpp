// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/grouping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "collect/owner_fields.h"
#include "host/call_values.h"
#include "host/system_calls.h"
#include "util/error.h"

namespace tally {
namespace {

std::uint64_t number_at(const std::byte* key, const KeyField& field) {
    std::uint64_t value = 0;
    std::memcpy(&value, key + field.offset, std::min(field.size, sizeof value));
    return value;
}

std::int64_t signed_number_at(const std::byte* key, const KeyField& field) {
    const std::uint64_t value = number_at(key, field);
    const std::size_t unused = 64 - 8 * std::min<std::size_t>(field.size, 8);
    return static_cast<std::int64_t>(value << unused) >> unused;
}

std::string text_at(const std::byte* key, const KeyField& field) {
    const char* text = reinterpret_cast<const char*>(key + field.offset);
    return {text, ::strnlen(text, field.size)};
}

Value text_or_null(const std::optional<std::string>& text) {
    return text ? Value(*text) : Value();
}

/// One name stands once in a key. Where two words of --by give the same name, `finer` says whether
/// this value is the more exact one: a cgroup itself, not that of its container.
void set_field(std::vector<Field>& fields, std::string name, Value value, bool finer = true) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& each) { return each.name == name; });
    if (found == fields.end()) {
        fields.push_back({std::move(name), std::move(value)});
    } else if (finer) {
        found->value = std::move(value);
    }
}

const KeyField* find_field(const SlotsSchema& slots, SemanticType type) {
    const auto found = std::find_if(slots.key.begin(), slots.key.end(),
                                    [&](const KeyField& each) { return each.type == type; });
    return found == slots.key.end() ? nullptr : &*found;
}

/// Two keys are one row if they are written as the same key: a restarted service is one row, though
/// its cgroup is a new one. Each value has its type and length in front, so none runs into the
/// next.
std::string identity_of(const std::vector<Field>& fields) {
    std::string identity;
    for (const Field& each : fields) {
        const std::string text = std::visit(
            [](const auto& value) -> std::string {
                using T = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<T, std::monostate>) {
                    return "";
                } else {
                    return fmt::format("{}", value);
                }
            },
            each.value);
        identity += fmt::format("{}:{}:{}", each.value.index(), text.size(), text);
    }
    return identity;
}

/// Cells say in which unit they are, so a heading need not: "quota_ns" is QUOTA.
std::string heading_of(std::string text, Unit unit) {
    if (unit == Unit::nanoseconds && text.ends_with("_ns")) {
        text.resize(text.size() - 3);
    }
    for (char& each : text) {
        if (each >= 'a' && each <= 'z') {
            each = static_cast<char>(each - 'a' + 'A');
        }
    }
    return text;
}

}  // namespace

std::vector<std::string> Grouping::choices(const SlotsSchema& slots) {
    std::vector<std::string> all;
    if (find_field(slots, SemanticType::cgroup) != nullptr) {
        all = {"container", "pod", "unit"};
    }
    for (const KeyField& each : slots.key) {
        all.push_back(each.name);
    }
    all.emplace_back("none");
    return all;
}

Grouping::Grouping(const std::vector<std::string>& by, const SlotsSchema& slots) {
    for (const std::string& word : by) {
        if (std::count(by.begin(), by.end(), word) > 1) {
            throw UsageError("--by {}: listed twice", word);
        }
        if (word == "none" && by.size() == 1) {
            return;
        }
        Part part;
        if (word == "container" || word == "pod" || word == "unit") {
            part.kind = word == "container" ? Kind::container
                        : word == "pod"     ? Kind::pod
                                            : Kind::unit;
            if (const KeyField* cgroup = find_field(slots, SemanticType::cgroup)) {
                part.field = *cgroup;
                parts_.push_back(part);
                headings_.push_back(heading_of(word, Unit::count));
                continue;
            }
        }
        const auto field = std::find_if(slots.key.begin(), slots.key.end(),
                                        [&](const KeyField& each) { return each.name == word; });
        if (field == slots.key.end()) {
            throw UsageError("--by {}: there is no such key; keys are {}{}", word,
                             fmt::join(choices(slots), ", "),
                             word == "none" ? " (none cannot be combined)" : "");
        }
        part.kind = field->type == SemanticType::cgroup ? Kind::cgroup : Kind::field;
        part.field = *field;
        parts_.push_back(part);
        headings_.push_back(heading_of(word, field->unit));
    }
}

std::vector<std::string> Grouping::key_names() const {
    // They are the same for all keys, so also for one of zeros on a machine without cgroups.
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
    // the map where nobody asks for it.
    for (const SlotsSchema* slots : tracer.schema().slots()) {
        for (const KeyField& field : slots->key) {
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

/// What a key's own field is called: a value for scripts, and a label for people.
struct NamedField {
    Value value;
    Label label;
};

NamedField name_field(const KeyField& field, const std::byte* key) {
    const std::uint64_t number = number_at(key, field);
    const auto same = [](std::string text) { return NamedField{text, text}; };
    switch (field.type) {
        case SemanticType::comm:
        case SemanticType::text:
            return same(text_at(key, field));
        case SemanticType::signed_number: {
            const std::int64_t value = signed_number_at(key, field);
            return {value, std::to_string(value)};
        }
        case SemanticType::syscall:
            return same(syscall_name(static_cast<std::uint32_t>(number)));
        case SemanticType::error:
            return number == 0 ? NamedField{Value(), "-"}
                               : same(error_name(static_cast<std::uint32_t>(number)));
        case SemanticType::enumeration: {
            const std::int64_t value = signed_number_at(key, field);
            const auto known = field.names.find(value);
            return same(known != field.names.end() ? known->second : std::to_string(value));
        }
        case SemanticType::capability:
            return same(capability_name(static_cast<std::uint32_t>(number)));
        default:
            break;
    }
    if (field.unit == Unit::count) {
        return {number, std::to_string(number)};
    }
    return number == kNoQuantity ? NamedField{Value(), "-"}
                                 : NamedField{number, Quantity{field.unit, number}};
}

/// Adds a key's own field to a row's name.
void add_field(const KeyField& field, const std::byte* key, RowName& name) {
    NamedField named = name_field(field, key);
    set_field(name.key, field.name, named.value);
    if (field.type == SemanticType::syscall) {
        if (field.name == "syscall") {  // else it is not what is measured
            name.waits_by_nature = waits_by_nature(std::get<std::string>(named.value));
            set_field(name.key, "waits_by_nature", name.waits_by_nature);
        }
        if (name.waits_by_nature) {
            std::get<std::string>(named.label) += " ~";
        }
    }
    name.labels.push_back(std::move(named.label));
}

void add_container(const Owner& owner, RowName& name) {
    for (Field& each : owner_fields(owner)) {
        const bool finer = each.name != "systemd_unit" && each.name != "cgroup";
        set_field(name.key, std::move(each.name), std::move(each.value), finer);
    }
    name.labels.push_back(owner.label());
}

void add_pod(const Owner& owner, RowName& name) {
    const auto pod = owner.container ? owner.container->pod : std::nullopt;
    const auto space = owner.container ? owner.container->pod_namespace : std::nullopt;
    set_field(name.key, "pod", text_or_null(pod));
    set_field(name.key, "namespace", text_or_null(space));
    name.labels.push_back((space ? *space + "/" : "") + pod.value_or("-"));
}

void add_unit(const std::optional<std::string>& unit, RowName& name) {
    set_field(name.key, "systemd_unit", text_or_null(unit));
    name.labels.push_back(unit.value_or("-"));
}

void add_cgroup(CgroupId id, const std::optional<std::string>& path, RowName& name) {
    set_field(name.key, "cgroup", text_or_null(path));
    set_field(name.key, "cgroup_id", id);
    name.labels.push_back(path ? *path : fmt::format("unknown cgroup {}", id));
}

}  // namespace

RowKey Grouping::resolve(const std::byte* key, const Containers& containers) const {
    RowKey row;
    for (const Part& part : parts_) {
        const CgroupId cgroup = number_at(key, part.field);  // unless it is a field of another kind
        switch (part.kind) {
            case Kind::container:
                add_container(containers.owner_of(cgroup), row.name);
                break;
            case Kind::pod:
                add_pod(containers.owner_of(cgroup), row.name);
                break;
            case Kind::unit:
                add_unit(containers.unit_of(cgroup), row.name);
                break;
            case Kind::cgroup:
                add_cgroup(cgroup, containers.path_of(cgroup), row.name);
                break;
            case Kind::field:
                add_field(part.field, key, row.name);
                break;
        }
    }
    row.identity = identity_of(row.name.key);
    return row;
}

}  // namespace tally
