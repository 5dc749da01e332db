/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Histograms by key. The kernel only ever adds; user space reads, remembers and subtracts, so no
 * value falls between two reports.
 */
#ifndef TALLY_HISTOGRAM_BPF_H
#define TALLY_HISTOGRAM_BPF_H

#include "buckets.h"
#include "declare.bpf.h"
#include "loss.bpf.h"

/* The layout of every histogram's value; HISTOGRAM() declares its own with the unit's type. There
 * is no count beside the buckets: their sum is the count, and cannot disagree with them. */
struct tally_histogram {
    __u64 sum;
    __u64 min;
    __u64 max;
    __u64 buckets[TALLY_BUCKETS];
};

const volatile struct tally_histogram tally_empty_histogram = {.min = ~0ULL};

/* Several CPUs that count into one histogram fight over its cache lines (251 instead of 400 ns with
 * two CPUs). So a key has up to eight copies, by CPU, which user space adds up. */
const volatile __u32 tally_shard_mask = 0;

/*
 * HISTOGRAM(waits, struct subject, duration_ns, "time from runnable to running"):
 * histogram_add(waits, key, value) counts a value. The key is a struct without padding that begins
 * with a struct subject, or is one; its further fields are the tracer's own --by keys.
 */
#define HISTOGRAM(name, key_type, unit_type, help)                                           \
    struct name##_key {                                                                      \
        key_type key;                                                                        \
        __u64 shard;                                                                         \
    };                                                                                       \
    _Static_assert(sizeof(struct name##_key) == sizeof(key_type) + 8, "padding in the key"); \
    struct name##_value {                                                                    \
        unit_type sum;                                                                       \
        unit_type min;                                                                       \
        unit_type max;                                                                       \
        __u64 buckets[TALLY_BUCKETS];                                                        \
    };                                                                                       \
    _Static_assert(sizeof(struct name##_value) == sizeof(struct tally_histogram), "layout"); \
                                                                                             \
    struct {                                                                                 \
        __uint(type, BPF_MAP_TYPE_HASH);                                                     \
        __uint(map_flags, BPF_F_NO_PREALLOC);                                                \
        __uint(max_entries, 1024);                                                           \
        __type(key, struct name##_key);                                                      \
        __type(value, struct name##_value);                                                  \
    } name SEC(".maps") TALLY_TAG("histogram:" help);                                        \
                                                                                             \
    static __always_inline void name##_add(key_type key, __u64 value) {                      \
        struct name##_key full = {                                                           \
            .key = key,                                                                      \
            .shard = bpf_get_smp_processor_id() & tally_shard_mask,                          \
        };                                                                                   \
                                                                                             \
        tally_histogram_add(&name, &full, value);                                            \
    }                                                                                        \
    struct tally_semicolon

#define histogram_add(name, key, value) name##_add(key, value)

static __always_inline void tally_histogram_add(void* map, const void* key, __u64 value) {
    struct tally_histogram* histogram = bpf_map_lookup_elem(map, key);
    __u32 bucket = tally_bucket_of(value);

    if (!histogram) {
        long error = bpf_map_update_elem(map, key, (void*)&tally_empty_histogram, BPF_NOEXIST);

        histogram = bpf_map_lookup_elem(map, key); /* by us, or by another CPU meanwhile */
        if (!histogram) {
            count_one(error == -12 /* ENOMEM */ ? LOST_NO_MEMORY : LOST_MAP_FULL);
            return;
        }
    }
    if (bucket >= TALLY_BUCKETS) /* never; the verifier wants to see it */
        return;
    __sync_fetch_and_add(&histogram->buckets[bucket], 1);
    __sync_fetch_and_add(&histogram->sum, value);

    /* No compare-and-swap: 5.10 has none. With more than eight CPUs two may store at once; the one
     * whose better value is gone sees that and stores again. */
#pragma unroll
    for (int attempt = 0; attempt < 3; attempt++) {
        if (*(volatile __u64*)&histogram->min <= value)
            break;
        *(volatile __u64*)&histogram->min = value;
    }
#pragma unroll
    for (int attempt = 0; attempt < 3; attempt++) {
        if (*(volatile __u64*)&histogram->max >= value)
            break;
        *(volatile __u64*)&histogram->max = value;
    }
}

#endif /* TALLY_HISTOGRAM_BPF_H */
