/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Nothing is lost silently: whatever is missing from the results is counted here, by reason. The
 * helpers do that themselves, so a tracer cannot forget it.
 */
#ifndef TALLY_LOSS_BPF_H
#define TALLY_LOSS_BPF_H

#include "declare.bpf.h"

/* tally shows LOST_MAP_FULL as "map_full"; src/collect/losses.cpp has the advice for each. */
enum tally_counter {
    BEFORE_ATTACH,        /* ended, but had begun before the probes were attached: not a loss */
    LOST_MAP_FULL,        /* a histogram or counts have no slot for another key */
    LOST_NEGATIVE_TIME,   /* the end was before the beginning: two CPUs' clocks differ */
    LOST_NO_THREAD_STATE, /* no place for a thread's state, or a thread was not found */
    LOST_UNMATCHED_BEGIN, /* began, but the next event of the thread was not its end */
    LOST_UNMATCHED_END,   /* began after the start, but only the end was seen */
    LOST_TARGET_FULL,     /* no room in the target's set for a new cgroup or thread */
    LOST_CGROUP_EVENT,    /* a change of a cgroup was not reported: names may be missing */
    LOST_RING_FULL,       /* an event did not fit into the ring: its reader is behind */
    LOST_STRING_FAULT,    /* a string or struct could not be read, or not to its end */
    LOST_NO_SOCKET_STATE, /* no place to remember a connection */
    LOST_EVENT_NESTED,    /* an event came while others were being written on the same CPU */
    LOST_NO_OBJECT_STATE, /* no place to remember an object */
    TALLY_COUNTERS,
};

/* Keeps the names above in BTF. */
const volatile enum tally_counter tally_counter_names = BEFORE_ATTACH;

#define TALLY_COUNTERS_MAP(name, tag...)         \
    struct {                                     \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
        __uint(max_entries, TALLY_COUNTERS);     \
        __type(key, __u32);                      \
        __type(value, __u64);                    \
    } name SEC(".maps") tag

TALLY_COUNTERS_MAP(tally_counters);

/* A loss of the engine's programs is a loss of every tracer in the session. */
TALLY_COUNTERS_MAP(tally_engine_counters, TALLY_ENGINE_MAP);

static __always_inline void tally_count_in(void* counters, enum tally_counter which) {
    __u32 index = which;
    __u64* count = bpf_map_lookup_elem(counters, &index);

    if (count)
        __sync_fetch_and_add(count, 1); /* atomic: an interrupt may count on the same CPU */
}

static __always_inline void count_one(enum tally_counter which) {
    tally_count_in(&tally_counters, which);
}

static __always_inline void count_one_of_engine(enum tally_counter which) {
    tally_count_in(&tally_engine_counters, which);
}

#endif /* TALLY_LOSS_BPF_H */
