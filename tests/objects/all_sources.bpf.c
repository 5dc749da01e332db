// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// All sources of events in one object.
#define WITH_RUN_QUEUE
#define WITH_SYSTEM_CALLS
#define WITH_FILE_OPERATIONS
#define WITH_SOCKETS
#define WITH_OBJECTS
#include "sources.h"

TRACER("Waits, calls, operations, connects and objects");
