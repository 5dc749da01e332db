/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Histograms by key.
 */
#ifndef TALLY_HISTOGRAM_BPF_H
#define TALLY_HISTOGRAM_BPF_H

#include "buckets.h"
#include "slots.bpf.h"

/* HISTOGRAM() declares its own struct, with the type of the unit. There is no separate count: the
 * sum of the buckets is the count, so the two cannot disagree. */
struct tally_histogram {
    __u64 sum;
    __u64 min;
    __u64 max;
    __u64 buckets[TALLY_BUCKETS];
};

/*
 * HISTOGRAM(waits, struct subject, duration_ns, "time from runnable to running"):
 * histogram_add(waits, key, value, &place) counts a value. The key is a struct without padding that
 * begins with a struct subject, or is one; its further fields are the tracer's own --by keys.
 * `place` points to a __u32, initially 0, which remembers the slot for the next value, whatever its
 * key; it is part of the thread's state if there is one, else NULL.
 */
#define HISTOGRAM(name, key_type, unit_type, help)                                            \
    struct tally_##name##_content {                                                           \
        unit_type sum;                                                                        \
        unit_type min;                                                                        \
        unit_type max;                                                                        \
        __u64 buckets[TALLY_BUCKETS];                                                         \
    };                                                                                        \
    _Static_assert(sizeof(struct tally_##name##_content) == sizeof(struct tally_histogram),   \
                   "unit");                                                                   \
    TALLY_SLOTS(name, key_type, struct tally_##name##_content, "histogram:" help,             \
                slot->content.min = ~0ULL);                                                   \
                                                                                              \
    static __always_inline void tally_##name##_add(key_type key, __u64 value, __u32* place) { \
        struct tally_##name##_content* content = tally_##name##_content_of(key, place);       \
                                                                                              \
        if (content)                                                                          \
            tally_histogram_add((struct tally_histogram*)content, value);                     \
    }                                                                                         \
    struct tally_semicolon

#define histogram_add(name, key, value, place) tally_##name##_add(key, value, place)

/* Without compare-and-swap, which 5.10 lacks. With more than eight CPUs two may store at once; a
 * CPU whose store was overwritten notices and retries, up to three times. */
static __noinline int tally_new_extreme(struct tally_histogram* histogram, __u64 value) {
    if (!histogram)
        return 0;
#pragma unroll
    for (int attempt = 0; attempt < 3; attempt++) {
        if (*(volatile __u64*)&histogram->min > value)
            *(volatile __u64*)&histogram->min = value;
        if (*(volatile __u64*)&histogram->max < value)
            *(volatile __u64*)&histogram->max = value;
    }
    return 0;
}

static __always_inline void tally_histogram_add(struct tally_histogram* histogram, __u64 value) {
    __u32 bucket = tally_bucket_of(value);

    if (bucket >= TALLY_BUCKETS) /* never true; the verifier needs it */
        return;
    /* First, so that a reader that sees a count also sees its extremes. */
    if (value < histogram->min || value > histogram->max)
        tally_new_extreme(histogram, value);
    __sync_fetch_and_add(&histogram->buckets[bucket], 1);
    __sync_fetch_and_add(&histogram->sum, value);
}

#endif /* TALLY_HISTOGRAM_BPF_H */
