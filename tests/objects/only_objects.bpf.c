// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One of the sources of all_sources, alone.
#define WITH_OBJECTS
#include "sources.h"

TRACER("Objects");
