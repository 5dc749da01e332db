// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "fields/decode.h"
#include "fields/field.h"
#include "fields/field_type.h"
#include "fields/words.h"
#include "wire.h"

namespace tally {
namespace {

constexpr unsigned kKey = static_cast<unsigned>(FieldPlace::key);
constexpr unsigned kEvent = static_cast<unsigned>(FieldPlace::event);
constexpr unsigned kOption = static_cast<unsigned>(FieldPlace::option);
constexpr unsigned kSelection = static_cast<unsigned>(FieldPlace::selection);
constexpr unsigned kBoth = kKey | kEvent;
constexpr unsigned kChosen = kBoth | kSelection;

constexpr std::size_t kInteger = FieldType::kIntegerSize;
constexpr std::size_t kAny = FieldType::kAnySize;
constexpr std::size_t kOwnWidth = 0;
constexpr bool kRight = true;
constexpr bool kLeft = false;

using enum FieldRole;

/// All that is known of the types of fields.
constexpr FieldType kTypes[] = {
    {"cgroup_id", 8, kChosen, decode_number, 6, kRight, &kNumberWords, cgroup},
    {"pid_nr", 4, kChosen | kOption, decode_number, 7, kRight, &kNumberWords},
    {"tid_nr", 4, kChosen | kOption, decode_number, 7, kRight, &kNumberWords},
    {"uid_nr", 4, kChosen | kOption, decode_user, 6, kRight, &kNumberWords},
    {"comm", 16, kBoth, decode_comm, 15, kLeft},
    {"syscall_nr", 4, kChosen, decode_syscall, 15, kLeft, &kSystemCallWords, system_call},
    {"errno_nr", 4, kChosen, decode_error, 9, kLeft, &kNumberWords},
    {"signal_nr", 4, kChosen, decode_signal, 10, kLeft, &kSignalWords},
    {"capability_nr", 4, kChosen, decode_capability, 15, kLeft, &kNumberWords},
    {"duration_ns", 8, kChosen | kOption, decode_quantity, 8, kRight, &kNumberWords, value,
     Unit::nanoseconds},
    {"bytes", 8, kChosen | kOption, decode_quantity, 8, kRight, &kNumberWords, value, Unit::bytes},
    {"timestamp_ns", 8, kBoth, decode_time, 12, kLeft},
    {"ip_addr", sizeof(tally_ip), kBoth, decode_address, 15, kLeft},
    {"port_nr", 2, kChosen, decode_number, 6, kRight, &kNumberWords},
    {"hex", 8, kChosen, decode_number, 18, kRight, &kHexadecimalWords, hexadecimal},
    {"natural_or_none", 4, kChosen, decode_natural, 3, kRight, &kNumberWords},
    {"open_flags", 4, kChosen, decode_open_flags, 26, kLeft, &kNumberWords},
    {"file_mode", 4, kChosen, decode_file_mode, 5, kLeft, &kNumberWords},
    {"named_flags", sizeof(tally_flags), kBoth, decode_named_flags, 12, kLeft},
    {"enum", 4, kChosen, decode_enumeration, kOwnWidth, kLeft, &kEnumerationWords, enumeration},
    {"bool", 1, kBoth | kOption, decode_bool, 5, kLeft},
    {"char[N]", kAny, kBoth, decode_array, kOwnWidth, kLeft, nullptr, text},
    {"unsigned integer", kInteger, kChosen | kOption, decode_number, 6, kRight, &kNumberWords},
    {"signed integer", kInteger, kChosen, decode_signed, 6, kRight, &kNumberWords},
    {"container_of_cgroup", 8, kEvent, decode_container, 18, kLeft, nullptr, container_name},
    {"call_arguments", 6 * sizeof(std::uint64_t), kEvent, decode_arguments, 24, kLeft},
    {"path", sizeof(tally_text), kEvent, decode_string, 24, kLeft, nullptr, string},
    {"argument_vector", sizeof(tally_text), kEvent, decode_words, 24, kLeft, nullptr, words},
};

const FieldType* find_row(std::string_view name) {
    const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                     [&](const FieldType& each) { return each.name == name; });
    return found == std::end(kTypes) ? nullptr : found;
}

}  // namespace

std::span<const FieldType> all_field_types() {
    return kTypes;
}

const FieldType& field_type(std::string_view name) {
    const FieldType* found = find_row(name);
    if (found == nullptr) {
        throw std::out_of_range("no type of a field: " + std::string(name));
    }
    return *found;
}

const FieldType* find_field_type(std::span<const std::string> typedefs) {
    for (const std::string& name : typedefs) {
        if (const FieldType* found = find_row(name)) {
            return found;
        }
    }
    return nullptr;
}

bool FieldType::has_size(std::size_t bytes) const {
    return size == kIntegerSize ? bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8
           : size == kAnySize   ? bytes != 0
                                : bytes == size;
}

std::size_t width_of(const StructField& field) {
    constexpr std::size_t kMostOfText = 24;
    if (field.type->width != kOwnWidth) {
        return field.type->width;
    }
    if (!field.is_enumeration()) {
        return std::min<std::size_t>(field.size - 1, kMostOfText);
    }
    std::size_t longest = 0;
    for (const auto& [number, name] : field.names) {
        longest = std::max(longest, name.size());
    }
    return longest;
}

}  // namespace tally
