// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What is in flight of objects that are not declared.
#include "tally.bpf.h"

TRACER("No objects");
HISTOGRAM(lives, struct subject, duration_ns, "none");
const volatile __u32 lives_in_flight_of TALLY_TAG("in_flight_of:lives:objects") = 40;
