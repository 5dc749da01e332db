// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "model/event.h"
#include "tracer/schema.h"

namespace tally {

/// The shape of a declaration's events, before there are any; `tool` is the name of the tool that
/// reports them.
EventShape shape_of(const std::string& tool, const EventsSchema& schema);

}  // namespace tally
