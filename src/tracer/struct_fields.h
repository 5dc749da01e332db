// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fields/field.h"
#include "tracer/btf_view.h"

namespace tally {

/// The fields of a struct of the object, nested structs unfolded, each with its type, which may
/// stand in this place. `whole` says in messages what the struct is. Throws Error: which field
/// cannot be shown.
std::vector<StructField> fields_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                                   const std::string& whole);

/// The row of a type: by its name, else by what it is made of. Null: there is none.
const FieldType* type_of(const BtfView& view, std::uint32_t type);

/// A value of this type, called `name`, as if it were a field. `whole` is for messages. Throws
/// Error: the type cannot be shown, or not in this place.
StructField field_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                     const std::string& name, const std::string& whole);

/// By the typedefs of a type.
Unit unit_of(const BtfView& view, std::uint32_t type);

/// A struct in messages.
std::string key_of(const std::string& map);
std::string struct_of(const std::string& map);

}  // namespace tally
