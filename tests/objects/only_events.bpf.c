// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Says of what it does not declare that it is only for its events.
#include "events.bpf.h"

TRACER("Warm days");
HISTOGRAM(days, struct subject, duration_ns, "days");
struct day_event {
    struct event_head head;
};
EVENTS(warm_days, struct day_event, "warm days");
ONLY_EVENTS(weather);
