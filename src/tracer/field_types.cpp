// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/field_types.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "wire.h"

namespace tally {
namespace {

constexpr std::size_t kIntegerSize = SIZE_MAX;  ///< 1, 2, 4 or 8 bytes
constexpr std::size_t kAnySize = SIZE_MAX - 1;  ///< but 0
constexpr bool kSelectable = true;

struct FieldType {
    SemanticType type;
    std::string_view c_type;  ///< of bpf/include/types.bpf.h; empty: has no name of its own
    std::size_t size;         ///< in bytes
    FieldPlace place;
    bool is_selectable = false;
};

/// All that is known of a type before its values: a row for each SemanticType.
constexpr FieldType kTypes[] = {
    {SemanticType::cgroup, "cgroup_id", 8, FieldPlace::key, kSelectable},
    {SemanticType::pid, "pid_nr", 4, FieldPlace::key, kSelectable},
    {SemanticType::tid, "tid_nr", 4, FieldPlace::key, kSelectable},
    {SemanticType::comm, "comm", 16, FieldPlace::key},
    {SemanticType::syscall, "syscall_nr", 4, FieldPlace::key, kSelectable},
    {SemanticType::error, "errno_nr", 4, FieldPlace::key, kSelectable},
    {SemanticType::number, "", kIntegerSize, FieldPlace::key, kSelectable},
    {SemanticType::signed_number, "", kIntegerSize, FieldPlace::key, kSelectable},
    {SemanticType::text, "", kAnySize, FieldPlace::key},
    {SemanticType::enumeration, "", 4, FieldPlace::key, kSelectable},
    {SemanticType::capability, "capability_nr", 4, FieldPlace::key, kSelectable},
    {SemanticType::time, "timestamp_ns", 8, FieldPlace::event},
    {SemanticType::signal, "signal_nr", 4, FieldPlace::event, kSelectable},
    {SemanticType::address, "ip_addr", sizeof(tally_ip), FieldPlace::event},
    {SemanticType::open_flags, "open_flags", 4, FieldPlace::event},
    {SemanticType::file_mode, "file_mode", 4, FieldPlace::event},
    {SemanticType::natural_or_none, "natural_or_none", 4, FieldPlace::event},
    {SemanticType::container, "container_of_cgroup", 8, FieldPlace::event},
    {SemanticType::arguments, "call_arguments", 6 * sizeof(std::uint64_t), FieldPlace::event},
    {SemanticType::named_flags, "named_flags", sizeof(tally_flags), FieldPlace::event},
    {SemanticType::boolean, "", 1, FieldPlace::event},
    {SemanticType::string, "path", sizeof(tally_text), FieldPlace::event},
    {SemanticType::words, "argument_vector", sizeof(tally_text), FieldPlace::event},
};

constexpr std::pair<std::string_view, Unit> kUnits[] = {
    {"duration_ns", Unit::nanoseconds},
    {"bytes", Unit::bytes},
};

/// The row of a type is the one with its number.
constexpr bool is_in_order() {
    for (std::size_t i = 0; i < std::size(kTypes); ++i) {
        if (static_cast<std::size_t>(kTypes[i].type) != i) {
            return false;
        }
    }
    return std::size(kTypes) == static_cast<std::size_t>(SemanticType::words) + 1;
}
static_assert(is_in_order());

const FieldType& row_of(SemanticType type) {
    return kTypes[static_cast<std::size_t>(type)];
}

}  // namespace

std::optional<SemanticType> meaning_of(std::span<const std::string> typedefs, FieldPlace place) {
    for (const std::string& name : typedefs) {
        const auto* found =
            std::find_if(std::begin(kTypes), std::end(kTypes), [&](const FieldType& each) {
                return each.place == place && !each.c_type.empty() && each.c_type == name;
            });
        if (found != std::end(kTypes)) {
            return found->type;
        }
    }
    return std::nullopt;
}

Unit unit_of(std::span<const std::string> typedefs) {
    for (const std::string& name : typedefs) {
        for (const auto& [c_type, unit] : kUnits) {
            if (name == c_type) {
                return unit;
            }
        }
    }
    return Unit::count;
}

bool has_size_of(SemanticType type, std::size_t size) {
    const std::size_t wanted = row_of(type).size;
    return wanted == kIntegerSize ? size == 1 || size == 2 || size == 4 || size == 8
           : wanted == kAnySize   ? size != 0
                                  : size == wanted;
}

bool may_be_selected(SemanticType type) {
    return row_of(type).is_selectable;
}

}  // namespace tally
