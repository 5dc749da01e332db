// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// One of the sources of all_sources, alone.
#define WITH_FILE_OPERATIONS
#include "sources.h"

TRACER("Operations");
