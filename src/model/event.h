// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The events of a tool: made by src/collect, written by src/output. Designed for streams: what does
// not change from one event to the next is stored once, the rest is only referred to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/record.h"

namespace tally {

/// A sequence of words, each terminated by a NUL, which the last one may lack. Any other bytes.
struct Words {
    std::string_view bytes;

    /// Calls `visit` with each word.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (std::string_view rest = bytes; !rest.empty();) {
            const std::size_t end = rest.find('\0');
            visit(rest.substr(0, end));
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        }
    }
};

/// A point in time other than the event's own.
struct Moment {
    UnixNanoseconds time = 0;
};

/// As Value; strings are any bytes.
using EventValue = std::variant<std::monostate, std::uint64_t, std::int64_t, bool, std::string_view,
                                Words, Moment>;

struct EventColumn {
    std::string name;
    Unit unit = Unit::count;
    std::size_t width = 0;  ///< the minimum width in text, in columns
    bool is_number = false;
    bool is_cut_mark = false;  ///< true: whether the words in the column before were cut
};

/// What all events of one kind have in common.
struct EventShape {
    std::string tool;                    ///< "execsnoop"
    std::string name;                    ///< of the kind of event: "execs"
    std::string description;             ///< one line for people, from the BPF file
    std::vector<std::string> key_names;  ///< of EventOwner::key
    std::vector<EventColumn> columns;
};

/// The owner of events: a container, or a part of the host. Owners with different serial numbers
/// may have different names.
struct EventOwner {
    std::uint64_t serial = 0;
    std::string label;       ///< for people
    std::vector<Field> key;  ///< as in a report by container
};

/// One event; everything that it refers to is valid until the call that it is passed to has
/// returned.
struct Event {
    const EventShape& shape;
    UnixNanoseconds time;
    const EventOwner& owner;
    std::uint32_t pid;
    std::uint32_t tid;  ///< 0: the thread is not known, nor are pid and comm
    std::string_view comm;
    std::span<const EventValue> values;  ///< one for each of EventShape::columns
};

}  // namespace tally
