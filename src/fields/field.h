// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "fields/field_type.h"
#include "model/record.h"

namespace tally {

/// One field of a struct that an object declares, of a key or of an event; nested structs unfolded.
struct StructField {
    std::string name;
    const FieldType* type = nullptr;  ///< never null in a schema
    std::size_t offset = 0;           ///< in bytes from the beginning of the struct
    std::size_t size = 0;
    std::map<std::int64_t, std::string> names = {};  ///< of an enumeration, as they are shown
    Unit unit = Unit::count;

    bool is_cgroup() const { return type->role == FieldRole::cgroup; }
    bool is_container_name() const { return type->role == FieldRole::container_name; }
    bool is_system_call() const { return type->role == FieldRole::system_call; }
    bool is_hexadecimal() const { return type->role == FieldRole::hexadecimal; }
    bool is_enumeration() const { return type->role == FieldRole::enumeration; }

    /// Whether it is an array of char that may have lost the end of its text.
    bool is_text() const { return type->role == FieldRole::text; }

    /// Whether its bytes follow the struct, which has a struct tally_text.
    bool has_text() const {
        return type->role == FieldRole::string || type->role == FieldRole::words;
    }

    /// Whether a column after it marks a text that has lost its end.
    bool has_cut_mark() const { return type->role == FieldRole::words; }
};

/// The field's bytes as a number; `bytes` are those of the struct. Of fields with more than eight
/// bytes the first eight.
std::uint64_t number_at(const StructField& field, const std::byte* bytes);

/// The same, with the sign that a number of its size has.
std::int64_t signed_number_at(const StructField& field, const std::byte* bytes);

}  // namespace tally
