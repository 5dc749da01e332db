// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map that is only said to be an OBJECT_STATE().
#include "tally.bpf.h"

TRACER("No objects");
HISTOGRAM(lives, struct subject, duration_ns, "none");
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 64);
    __type(key, __u64);
    __type(value, __u64);
} objects SEC(".maps") TALLY_TAG("object_state:objects");
