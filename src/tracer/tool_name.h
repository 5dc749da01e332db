// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What a name of a tool sets in its object.
#pragma once

#include "tracer/opened_object.h"
#include "tracer/registry.h"
#include "tracer/schema.h"

namespace tally {

/// Before the object is loaded: adapts its schema to the name, and sets the constants. Throws Error
/// if the name refers to options that the object does not have.
void set_up_name(const OpenedObject& object, TracerSchema& schema, const Tool& name);

}  // namespace tally
