/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Storage of what is measured by key: the kernel only ever adds; user space reads, remembers and
 * subtracts, so nothing is lost between two reports.
 *
 * The content of a key (a histogram, some counts) is in a slot of an array, with the key at its
 * head; a hash map has the number of the slot. A look-up in that hash map costs cache and TLB
 * misses, so a tracer that remembers something about a thread can keep the slot's number there: one
 * comparison with the key at the slot's head then replaces the look-up.
 */
#ifndef TALLY_SLOTS_BPF_H
#define TALLY_SLOTS_BPF_H

#include "declare.bpf.h"
#include "loss.bpf.h"
#include "same_words.bpf.h"

/* Several CPUs that count into one slot contend for its cache lines. So a key has up to eight
 * copies, chosen by CPU, which user space adds up (251 instead of 400 ns with two CPUs). */
const volatile __u32 tally_shard_mask = 0;

/*
 * TALLY_SLOTS(waits, struct subject, struct waits_content, "histogram:help", slot->content.min =
 * 1): the maps of HISTOGRAM and COUNTS, and NAME_content_of(key, place), which finds the content of
 * a key, or counts LOST_MAP_FULL and returns NULL. `initial` initializes a slot for its first key;
 * all else in it is zero.
 */
#define TALLY_SLOTS(name, key_type, content_type, tag, initial)                                   \
    typedef key_type tally_##name##_key_type;                                                     \
    struct tally_##name##_key {                                                                   \
        key_type key;                                                                             \
        __u64 shard; /* from 1; 0: the slot is not used */                                        \
    };                                                                                            \
    _Static_assert(sizeof(struct tally_##name##_key) == sizeof(key_type) + 8,                     \
                   "padding in the key");                                                         \
    struct tally_##name##_slot {                                                                  \
        struct tally_##name##_key key;                                                            \
        content_type content;                                                                     \
    };                                                                                            \
                                                                                                  \
    struct {                                                                                      \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                         \
        __uint(max_entries, 1);                                                                   \
        __type(key, __u32);                                                                       \
        __type(value, struct tally_##name##_slot);                                                \
    } name SEC(".maps") TALLY_TAG(tag);                                                           \
                                                                                                  \
    struct {                                                                                      \
        __uint(type, BPF_MAP_TYPE_HASH);                                                          \
        __uint(max_entries, 1);                                                                   \
        __type(key, struct tally_##name##_key);                                                   \
        __type(value, __u32);                                                                     \
    } name##_index SEC(".maps");                                                                  \
                                                                                                  \
    /* The numbers of the free slots; user space puts them there. */                              \
    struct {                                                                                      \
        __uint(type, BPF_MAP_TYPE_STACK);                                                         \
        __uint(max_entries, 1);                                                                   \
        __type(value, __u32);                                                                     \
    } name##_free SEC(".maps");                                                                   \
                                                                                                  \
    /* A slot for a new key, or where another CPU has just put it; negative: there is none. It is \
     * not inlined: the rest runs for every event and should be small. */                         \
    static __noinline long tally_##name##_claim(struct tally_##name##_key* key) {                 \
        struct tally_##name##_slot* slot;                                                         \
        __u32* other;                                                                             \
        __u32 number;                                                                             \
                                                                                                  \
        if (!key || bpf_map_pop_elem(&name##_free, &number))                                      \
            return -1;                                                                            \
        slot = bpf_map_lookup_elem(&name, &number);                                               \
        if (!slot)                                                                                \
            return -1;                                                                            \
        initial;                                                                                  \
        /* Set the key only once the slot is ours: one that lost this race never had a key. */    \
        if (!bpf_map_update_elem(&name##_index, key, &number, BPF_NOEXIST)) {                     \
            /* The shard last: a reader that finds it set finds the whole key. */                 \
            slot->key.key = key->key;                                                             \
            barrier();                                                                            \
            *(volatile __u64*)&slot->key.shard = key->shard;                                      \
            return number;                                                                        \
        }                                                                                         \
        bpf_map_push_elem(&name##_free, &number, BPF_ANY);                                        \
        other = bpf_map_lookup_elem(&name##_index, key);                                          \
        return other ? *other : -1;                                                               \
    }                                                                                             \
                                                                                                  \
    static __always_inline struct tally_##name##_slot* tally_##name##_find(                       \
        struct tally_##name##_key* key, __u32* place) {                                           \
        struct tally_##name##_slot* slot;                                                         \
        __u32* known;                                                                             \
        __u32 number;                                                                             \
        long claimed;                                                                             \
                                                                                                  \
        if (place && *place) {                                                                    \
            number = *place - 1;                                                                  \
            slot = bpf_map_lookup_elem(&name, &number);                                           \
            if (slot && tally_same_words(&slot->key, key, sizeof(*key)))                          \
                return slot;                                                                      \
        }                                                                                         \
        known = bpf_map_lookup_elem(&name##_index, key);                                          \
        if (known) {                                                                              \
            number = *known;                                                                      \
        } else {                                                                                  \
            claimed = tally_##name##_claim(key);                                                  \
            if (claimed < 0)                                                                      \
                return NULL;                                                                      \
            number = claimed;                                                                     \
        }                                                                                         \
        if (place)                                                                                \
            *place = number + 1;                                                                  \
        return bpf_map_lookup_elem(&name, &number);                                               \
    }                                                                                             \
                                                                                                  \
    static __always_inline content_type* tally_##name##_content_of(key_type key, __u32* place) {  \
        struct tally_##name##_key full = {                                                        \
            .key = key,                                                                           \
            .shard = (bpf_get_smp_processor_id() & tally_shard_mask) + 1,                         \
        };                                                                                        \
        struct tally_##name##_slot* slot = tally_##name##_find(&full, place);                     \
                                                                                                  \
        if (slot)                                                                                 \
            return &slot->content;                                                                \
        count_one(LOST_MAP_FULL);                                                                 \
        return NULL;                                                                              \
    }                                                                                             \
    struct tally_semicolon

#endif /* TALLY_SLOTS_BPF_H */
