// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// State by object: few at once, which may live for long.
#define OBJECTS_AT_ONCE 64
#define OBJECTS_LIVE_SECONDS 300
#define OBJECTS_ASKED_BY(task) task
#include "object_state.h"

TRACER("Objects");
