/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Histograms by key. The kernel only ever adds; user space reads, remembers and subtracts, so no
 * value falls between two reports.
 *
 * Histograms lie in an array, each with its key at its head; a hash map says in which slot. What a
 * look-up in that hash map costs is cache and TLB misses, so a tracer that remembers something of a
 * thread can keep the slot there: one comparison with the key at the slot's head then replaces it.
 */
#ifndef TALLY_HISTOGRAM_BPF_H
#define TALLY_HISTOGRAM_BPF_H

#include "buckets.h"
#include "declare.bpf.h"
#include "loss.bpf.h"

/* Several CPUs that count into one histogram fight over its cache lines (251 instead of 400 ns with
 * two CPUs). So a key has up to eight copies, by CPU, which user space adds up. */
const volatile __u32 tally_shard_mask = 0;

/* What follows the key in a slot; HISTOGRAM() declares its own with the unit's type. There is no
 * count beside the buckets: their sum is the count, and cannot disagree with them. */
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
 * `place` is a __u32, 0 at first, in which the slot is remembered for the next value, of any key; a
 * part of the thread's state, if there is one, else NULL.
 */
#define HISTOGRAM(name, key_type, unit_type, help)                                                 \
    typedef key_type name##_key_type;                                                              \
    struct name##_key {                                                                            \
        key_type key;                                                                              \
        __u64 shard; /* from 1; 0: the slot is not used */                                         \
    };                                                                                             \
    _Static_assert(sizeof(struct name##_key) == sizeof(key_type) + 8, "padding in the key");       \
    struct name##_slot {                                                                           \
        struct name##_key key;                                                                     \
        unit_type sum;                                                                             \
        unit_type min;                                                                             \
        unit_type max;                                                                             \
        __u64 buckets[TALLY_BUCKETS];                                                              \
    };                                                                                             \
    _Static_assert(                                                                                \
        sizeof(struct name##_slot) == sizeof(struct name##_key) + sizeof(struct tally_histogram),  \
        "layout");                                                                                 \
                                                                                                   \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(max_entries, 1);                                                                    \
        __type(key, __u32);                                                                        \
        __type(value, struct name##_slot);                                                         \
    } name SEC(".maps") TALLY_TAG("histogram:" help);                                              \
                                                                                                   \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_HASH);                                                           \
        __uint(max_entries, 1);                                                                    \
        __type(key, struct name##_key);                                                            \
        __type(value, __u32);                                                                      \
    } name##_index SEC(".maps");                                                                   \
                                                                                                   \
    /* The numbers of the slots that are not used; user space puts them there. */                  \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_STACK);                                                          \
        __uint(max_entries, 1);                                                                    \
        __type(value, __u32);                                                                      \
    } name##_free SEC(".maps");                                                                    \
                                                                                                   \
    /* A slot for a new key, or where another CPU has just put it; negative: there is none. Apart  \
     * from the rest, which runs for every event and should be small. */                           \
    static __noinline long name##_claim(struct name##_key* key) {                                  \
        struct name##_slot* slot;                                                                  \
        __u32* other;                                                                              \
        __u32 number;                                                                              \
                                                                                                   \
        if (!key || bpf_map_pop_elem(&name##_free, &number))                                       \
            return -1;                                                                             \
        slot = bpf_map_lookup_elem(&name, &number);                                                \
        if (!slot)                                                                                 \
            return -1;                                                                             \
        slot->min = ~0ULL;                                                                         \
        /* The key only when the slot is ours: a slot that lost this race never had one. */        \
        if (!bpf_map_update_elem(&name##_index, key, &number, BPF_NOEXIST)) {                      \
            slot->key = *key;                                                                      \
            return number;                                                                         \
        }                                                                                          \
        bpf_map_push_elem(&name##_free, &number, BPF_ANY);                                         \
        other = bpf_map_lookup_elem(&name##_index, key);                                           \
        return other ? *other : -1;                                                                \
    }                                                                                              \
                                                                                                   \
    static __always_inline struct name##_slot* name##_find(struct name##_key* key, __u32* place) { \
        struct name##_slot* slot;                                                                  \
        __u32* known;                                                                              \
        __u32 number;                                                                              \
        long claimed;                                                                              \
                                                                                                   \
        if (place && *place) {                                                                     \
            number = *place - 1;                                                                   \
            slot = bpf_map_lookup_elem(&name, &number);                                            \
            if (slot && tally_same_words(&slot->key, key, sizeof(*key)))                           \
                return slot;                                                                       \
        }                                                                                          \
        known = bpf_map_lookup_elem(&name##_index, key);                                           \
        if (known) {                                                                               \
            number = *known;                                                                       \
        } else {                                                                                   \
            claimed = name##_claim(key);                                                           \
            if (claimed < 0)                                                                       \
                return NULL;                                                                       \
            number = claimed;                                                                      \
        }                                                                                          \
        if (place)                                                                                 \
            *place = number + 1;                                                                   \
        return bpf_map_lookup_elem(&name, &number);                                                \
    }                                                                                              \
                                                                                                   \
    static __always_inline void name##_add(key_type key, __u64 value, __u32* place) {              \
        struct name##_key full = {                                                                 \
            .key = key,                                                                            \
            .shard = (bpf_get_smp_processor_id() & tally_shard_mask) + 1,                          \
        };                                                                                         \
        struct name##_slot* slot = name##_find(&full, place);                                      \
                                                                                                   \
        if (slot)                                                                                  \
            tally_histogram_add((struct tally_histogram*)&slot->sum, value);                       \
        else                                                                                       \
            count_one(LOST_MAP_FULL);                                                              \
    }                                                                                              \
    struct tally_semicolon

#define histogram_add(name, key, value, place) name##_add(key, value, place)

/* memcmp() of whole words; clang makes no calls in BPF. */
static __always_inline bool tally_same_words(const void* one, const void* other, __u32 size) {
    __u64 difference = 0;

#pragma unroll
    for (__u32 i = 0; i < size / 8; i++)
        difference |= ((const __u64*)one)[i] ^ ((const __u64*)other)[i];
    return !difference;
}

/* No compare-and-swap: 5.10 has none. With more than eight CPUs two may store at once; the one
 * whose better value is gone sees that and stores again, three times at the most. */
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

    if (bucket >= TALLY_BUCKETS) /* never; the verifier wants to see it */
        return;
    /* First of all: who reads a count finds the extremes that belong to it. */
    if (value < histogram->min || value > histogram->max)
        tally_new_extreme(histogram, value);
    __sync_fetch_and_add(&histogram->buckets[bucket], 1);
    __sync_fetch_and_add(&histogram->sum, value);
}

#endif /* TALLY_HISTOGRAM_BPF_H */
