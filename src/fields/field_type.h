// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What the types of bpf/include/types.bpf.h mean, one row for each (field_types.cpp). All code
// that handles a field asks its row; none decides by the type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/record.h"

namespace tally {

struct StructField;

/// Where a type may stand.
enum class FieldPlace : unsigned {
    key = 1,        ///< in the key of what is measured
    event = 2,      ///< in the struct of an event
    option = 4,     ///< in an OPTION()
    selection = 8,  ///< in a SELECTION()
};

/// What a field has besides its value.
enum class FieldRole {
    value,           ///< nothing
    cgroup,          ///< its owner: a container or a part of the host
    container_name,  ///< the name of a cgroup's container: found before it is decoded
    system_call,     ///< may wait by nature
    enumeration,     ///< the names of its values
    hexadecimal,     ///< a number that is 0x... in text
    text,            ///< a text without a NUL has lost its end
    string,          ///< bytes that follow the struct of the event
    words,           ///< the same, and whether there were more
};

/// What decoding a value needs besides its own bytes.
struct DecodeContext {
    std::string_view text = {};     ///< what follows the struct of an event
    std::int64_t clock_offset = 0;  ///< from CLOCK_MONOTONIC to UTC, in nanoseconds
    FieldPlace place = FieldPlace::event;
};

/// The value of a field; `bytes` are those of the whole struct. A text made by decoding is kept in
/// `room`, which must last as long as the value. For a container's name, the caller puts it into
/// `room` first.
using Decode = EventValue (*)(const StructField& field, const std::byte* bytes,
                              const DecodeContext& context, std::string& room);

/// The words that may be typed where values of a type are selected.
struct WordMeaning {
    std::string_view placeholder;  ///< in help: "CALL"

    /// The values that a word stands for; a name may have several. None: it has no meaning.
    std::vector<std::uint64_t> (*values_of)(const StructField& field, const std::string& word);

    /// Why a word has no meaning: "there is no such signal".
    std::string (*refusal)(const StructField& field);
};

struct FieldType {
    /// The typedef of bpf/include/types.bpf.h; for a type without one, its kind: "enum".
    std::string_view name;
    std::size_t size;  ///< in bytes, or one of those below
    unsigned places;   ///< of FieldPlace
    Decode decode;
    std::size_t width;  ///< of its column in text; 0: it depends on the field
    bool is_number;     ///< right-aligned in its column
    const WordMeaning* meaning = nullptr;
    FieldRole role = FieldRole::value;
    Unit unit = Unit::count;

    static constexpr std::size_t kIntegerSize = SIZE_MAX;  ///< 1, 2, 4 or 8 bytes
    static constexpr std::size_t kAnySize = SIZE_MAX - 1;  ///< except 0

    bool may_stand_in(FieldPlace place) const {
        return (places & static_cast<unsigned>(place)) != 0;
    }

    /// Whether a field of this size can be shown as this type.
    bool has_size(std::size_t bytes) const;
};

/// All types, in the order in which messages list them.
std::span<const FieldType> all_field_types();

/// The row of that name. Throws std::out_of_range: there is none.
const FieldType& field_type(std::string_view name);

/// The row for the names of a type, outermost typedef first; null: it depends on what the type is
/// made of.
const FieldType* find_field_type(std::span<const std::string> typedefs);

/// How many columns of text the field takes at the least.
std::size_t width_of(const StructField& field);

}  // namespace tally
