// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What may be typed for values of a SELECTION(): the `meaning` of the rows of field_types.cpp.
#pragma once

#include "fields/field_type.h"

namespace tally {

extern const WordMeaning kNumberWords;       ///< a number that fits into the field
extern const WordMeaning kHexadecimalWords;  ///< the same, or 0x...
extern const WordMeaning kSystemCallWords;   ///< its name or number, in all tables
extern const WordMeaning kSignalWords;       ///< its name or number
extern const WordMeaning kEnumerationWords;  ///< one of the field's names

}  // namespace tally
