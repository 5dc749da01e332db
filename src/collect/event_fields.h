// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/event.h"
#include "tracer/schema.h"

namespace tally {

/// What the events of a declaration look like, without any: `tool` tells them.
EventShape shape_of(const std::string& tool, const EventsSchema& schema);

/// The bytes of a field as an unsigned number. `event` begins with its head.
std::uint64_t event_number(const EventField& field, const std::byte* event);

/// One field of an event, as it is told. `event` begins with its head, and `text` is what
/// follows its struct: its strings, if they are laid out as declared. `clock_offset` leads from
/// CLOCK_MONOTONIC to UTC. A text that is made is kept in `room`, which must last as long as
/// the value. For a container, `room` has its name before the call, or nothing.
EventValue event_value(const EventField& field, const std::byte* event, std::string_view text,
                       std::int64_t clock_offset, std::string& room);

}  // namespace tally
