// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracer/btf_view.h"
#include "tracer/field_types.h"
#include "tracer/schema.h"

namespace tally {

/// The fields of a struct of the object, nested structs unfolded, with their meanings in a key or
/// an event. `whole` says in messages what the struct is. Throws Error: which field cannot be
/// shown.
std::vector<KeyField> fields_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                                const std::string& whole);

/// What a field of this type means in a key. `field` and `whole` are for messages. Throws Error: it
/// cannot be shown.
SemanticType meaning_in_key(const BtfView& view, std::uint32_t type, const std::string& field,
                            const std::string& whole);

/// What a type means in events and not in keys; none: what it means in keys.
std::optional<SemanticType> meaning_in_event(const BtfView& view, std::uint32_t type);

/// By the typedefs of a type.
Unit unit_of(const BtfView& view, std::uint32_t type);

/// A struct in messages.
std::string key_of(const std::string& map);
std::string struct_of(const std::string& map);

}  // namespace tally
