// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map that says that it is of events, and is not.
#include "events.bpf.h"

TRACER("No events");
const volatile __u32 days_kind = 0;
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 3);
    __type(key, __u32);
    __type(value, struct event_head);
} days SEC(".maps") TALLY_TAG("events:days");
