// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include "cli/parser.h"
#include "session/request.h"
#include "tracer/registry.h"
#include "tracer/schema.h"

namespace tally {

/// Adds the options, selections and choices that the tool declares; those of events alone are
/// refused if this run `tells_events` not. `schema` and `request` must outlive the parser. Throws
/// Error for one whose name is that of a common option.
void add_own_options(Parser& parser, const Tool& tool, const TracerSchema& schema,
                     bool tells_events, Request& request);

}  // namespace tally
