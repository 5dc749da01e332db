// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// State by object: none lives for long, and nobody knows who asked for it.
#define OBJECTS_AT_ONCE 64
#define OBJECTS_LIVE_SECONDS 4
#define OBJECTS_ASKED_BY(task) NULL
#include "object_state.h"

TRACER("Objects that are soon over");
