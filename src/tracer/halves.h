// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// A tracer that has both EVENTS() and data measured by key uses one of the two in a run.
#pragma once

#include "tracer/opened_object.h"
#include "tracer/schema.h"

namespace tally {

/// Before the object is loaded, if the schema has both: keeps either the events or what is measured
/// by key. The other half is removed from the schema; its maps are not created, its programs are
/// not loaded, and its code is dead for the verifier.
void keep_half(const OpenedObject& object, TracerSchema& schema, bool tells_events);

}  // namespace tally
