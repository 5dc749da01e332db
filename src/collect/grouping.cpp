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

/// One name stands once in a key. `finer` says whether this value is the more exact one, where two
/// of
/// --by give the same name: a cgroup itself, not that of its container.
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
            throw UsageError("--by {}: it stands there twice", word);
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
            throw UsageError("--by {}: there is no such key; there are {}{}", word,
                             fmt::join(choices(slots), ", "),
                             word == "none" ? " (none stands alone)" : "");
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

RowKey Grouping::resolve(const std::byte* key, const Containers& containers) const {
    RowKey row;
    RowName& name = row.name;
    for (const Part& part : parts_) {
        const std::uint64_t number = number_at(key, part.field);
        switch (part.kind) {
            case Kind::container: {
                const Owner& owner = containers.owner_of(number);
                for (Field& each : owner_fields(owner)) {
                    const bool finer = each.name != "systemd_unit" && each.name != "cgroup";
                    set_field(name.key, std::move(each.name), std::move(each.value), finer);
                }
                name.labels.push_back(owner.label());
                break;
            }
            case Kind::pod: {
                const Owner& owner = containers.owner_of(number);
                const auto pod = owner.container ? owner.container->pod : std::nullopt;
                const auto space = owner.container ? owner.container->pod_namespace : std::nullopt;
                set_field(name.key, "pod", text_or_null(pod));
                set_field(name.key, "namespace", text_or_null(space));
                name.labels.push_back((space ? *space + "/" : "") + pod.value_or("-"));
                break;
            }
            case Kind::unit: {
                const auto unit = containers.unit_of(number);
                set_field(name.key, "systemd_unit", text_or_null(unit));
                name.labels.push_back(unit.value_or("-"));
                break;
            }
            case Kind::cgroup: {
                const auto path = number == kKernelThreads ? std::optional<std::string>("kernel")
                                                           : containers.path_of(number);
                set_field(name.key, "cgroup", text_or_null(path));
                set_field(name.key, "cgroup_id", number);
                name.labels.push_back(path ? *path : fmt::format("unknown cgroup {}", number));
                break;
            }
            case Kind::field: {
                if (part.field.type == SemanticType::comm ||
                    part.field.type == SemanticType::text) {
                    const std::string text = text_at(key, part.field);
                    set_field(name.key, part.field.name, text);
                    name.labels.push_back(text);
                } else if (part.field.type == SemanticType::signed_number) {
                    const std::int64_t value = signed_number_at(key, part.field);
                    set_field(name.key, part.field.name, value);
                    name.labels.push_back(std::to_string(value));
                } else if (part.field.type == SemanticType::syscall) {
                    const std::string call = syscall_name(static_cast<std::uint32_t>(number));
                    set_field(name.key, part.field.name, call);
                    if (part.field.name == "syscall") {  // else it is not what is measured
                        name.waits_by_nature = waits_by_nature(call);
                        set_field(name.key, "waits_by_nature", name.waits_by_nature);
                    }
                    name.labels.push_back(call + (name.waits_by_nature ? " ~" : ""));
                } else if (part.field.type == SemanticType::error) {
                    const std::string error = error_name(static_cast<std::uint32_t>(number));
                    set_field(name.key, part.field.name, number == 0 ? Value() : Value(error));
                    name.labels.push_back(number == 0 ? "-" : error);
                } else if (part.field.type == SemanticType::enumeration) {
                    const std::int64_t value = signed_number_at(key, part.field);
                    const auto known = part.field.names.find(value);
                    const std::string said =
                        known != part.field.names.end() ? known->second : std::to_string(value);
                    set_field(name.key, part.field.name, said);
                    name.labels.push_back(said);
                } else if (part.field.type == SemanticType::capability) {
                    const std::string capability =
                        capability_name(static_cast<std::uint32_t>(number));
                    set_field(name.key, part.field.name, capability);
                    name.labels.push_back(capability);
                } else if (part.field.unit != Unit::count) {
                    const bool is_none = number == kNoQuantity;
                    set_field(name.key, part.field.name, is_none ? Value() : Value(number));
                    name.labels.push_back(is_none ? Label("-")
                                                  : Label(Quantity{part.field.unit, number}));
                } else {
                    set_field(name.key, part.field.name, number);
                    name.labels.push_back(std::to_string(number));
                }
                break;
            }
        }
    }
    row.identity = identity_of(name.key);
    return row;
}

}  // namespace tally
