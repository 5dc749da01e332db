// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include "fields/field.h"
#include "model/record.h"

namespace tally {

/// The value of a key's field, for scripts, and its label, for people.
struct KeyValue {
    Value value;
    Label label;
    bool is_cut = false;  ///< a text that has lost its end, which its label shows
};

/// Decodes one field of `key`. `clock_offset` leads from CLOCK_MONOTONIC to UTC.
KeyValue key_value(const StructField& field, const std::byte* key, std::int64_t clock_offset);

}  // namespace tally
