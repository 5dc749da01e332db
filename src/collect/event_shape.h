// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "model/event.h"
#include "tracer/schema.h"

namespace tally {

/// What the events of a declaration look like, without any: `tool` tells them.
EventShape shape_of(const std::string& tool, const EventsSchema& schema);

}  // namespace tally
