// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A field with the name of a member that every event has.
#include "events.bpf.h"

TRACER("A column twice");
struct day {
    struct event_head head;
    __u32 container;
};
EVENTS(days, struct day, "days");
