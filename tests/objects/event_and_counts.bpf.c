// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Events and a histogram in one object.
#include "events.bpf.h"

TRACER("Both");
struct day {
    struct event_head head;
    __u32 number;
};
EVENTS(days, struct day, "days");
HISTOGRAM(nights, struct subject, duration_ns, "nights");
