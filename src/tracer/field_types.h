// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "model/record.h"

namespace tally {

/// What a field of a key or an event means, by the name of its type (bpf/include/types.bpf.h).
enum class SemanticType {
    cgroup,   ///< cgroup_id
    pid,      ///< pid_nr
    tid,      ///< tid_nr
    comm,     ///< comm
    syscall,  ///< syscall_nr
    error,    ///< errno_nr
    number,   ///< any other unsigned integer
    signed_number,
    text,         ///< any other array of char, up to its first NUL
    enumeration,  ///< an enum
    capability,   ///< capability_nr

    // Of events only.
    time,             ///< timestamp_ns
    signal,           ///< signal_nr
    address,          ///< ip_addr
    open_flags,       ///< open_flags
    file_mode,        ///< file_mode
    natural_or_none,  ///< natural_or_none
    container,        ///< container_of_cgroup
    arguments,        ///< call_arguments
    named_flags,      ///< named_flags: a struct tally_flags
    boolean,          ///< bool
    string,           ///< path: a struct tally_text
    words,            ///< argument_vector: a struct tally_text
};

/// Where a type has its meaning: in keys and events, or in the structs of events alone.
enum class FieldPlace { key, event };

/// The meaning of a field by the names of its type, outermost typedef first, among the types that
/// have one in this place; none: it depends on what the type is made of.
std::optional<SemanticType> meaning_of(std::span<const std::string> typedefs, FieldPlace place);

/// The unit that the names of a number's type stand for.
Unit unit_of(std::span<const std::string> typedefs);

/// Whether a field of this size, in bytes, can be shown as this type.
bool has_size_of(SemanticType type, std::size_t size);

/// Whether a SELECTION() may be of this type: its values are integers.
bool may_be_selected(SemanticType type);

}  // namespace tally
