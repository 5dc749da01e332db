// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fields/field.h"
#include "tracer/btf_view.h"

namespace tally {

/// The fields of a struct of the object, nested structs unfolded, each with its type, which must be
/// allowed in this place. `whole` is what messages call the struct. Throws Error, which names the
/// field that cannot be shown.
std::vector<StructField> fields_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                                   const std::string& whole);

/// The row of a type: by its name, else by its underlying type. Null: there is none.
const FieldType* type_of(const BtfView& view, std::uint32_t type);

/// A value of this type, called `name`, as if it were a field. `whole` is for messages. Throws
/// Error if the type cannot be shown, or not in this place.
StructField field_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                     const std::string& name, const std::string& whole);

/// The unit that the typedefs of a type give it.
Unit unit_of(const BtfView& view, std::uint32_t type);

/// What messages call the key or the struct of a map.
std::string key_of(const std::string& map);
std::string struct_of(const std::string& map);

}  // namespace tally
