// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// An option of a type that options cannot have.
#include "tally.bpf.h"

TRACER("An option that is signed");
OPTION(int, warmest, 0, "degrees");
HISTOGRAM(days, struct subject, duration_ns, "days");
