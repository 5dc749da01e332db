// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include "tracer/btf_view.h"
#include "tracer/schema.h"

namespace tally {

/// Adds the engine's own programs and maps to the schema.
void read_engine(const BtfView& view, TracerSchema& schema);

/// Adds the object's programs to the schema, except the engine's own and iterators, with the tags
/// of PROBE(), and the values of its choices. Call it after all variables are read, since it
/// depends on THREAD_STATE(), OPTIONAL_PROBES() and CHOICE(). Throws Error.
void read_probes(const BtfView& view, TracerSchema& schema);

}  // namespace tally
