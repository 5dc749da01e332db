/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a tracer remembers about an object (a request, a packet, a lock) from its begin to its end,
 * which are on the time of different threads, or of none. For threads, there is THREAD_STATE.
 */
#ifndef TALLY_OBJECT_STATE_BPF_H
#define TALLY_OBJECT_STATE_BPF_H

#include "pairing.bpf.h"

/* Objects that were counted as lost, but whose ends have not been seen yet; their ends must not be
 * counted again. There was no room to remember which objects they are; only their number is
 * remembered, by a hash of their keys. If such an end never comes, it hides one later unmatched_end
 * with the same hash. */
#define TALLY_OWED 1024

static __always_inline __u32 tally_owed_place(__u64 key) {
    __u64 number = 0;

    bpf_probe_read_kernel(&number, sizeof(number), &key); /* a pointer cannot be multiplied */
    return number * 0x9e3779b97f4a7c15ULL >> 54;          /* the golden ratio; 64 - 54 bits */
}

static __always_inline __u64 tally_object_since(const struct tally_object* object) {
    return object->is_wanted ? object->began : PAIR_NOT_WANTED;
}

/* `began`: the clock at the beginning of an object that is not remembered; 0: not known. If not
 * known, it may have begun before the start while the run is shorter than an object may live. */
static __always_inline __u64 tally_not_remembered(__u64 began, __u64 longest) {
    __u64 start = tally_started;
    /* `start` is 0: the run is being stopped at this moment, and nothing is known. */
    bool is_older = !start || (began ? began < start : clock_ns() - start < longest);

    return is_older ? PAIR_NEVER_SEEN : PAIR_OUTSIDE;
}

/*
 * OBJECT_STATE(requests, struct request*, struct io, 16384, 120): up to 16,384 requests at once,
 * by their addresses (or numbers: any type of up to eight bytes), each with the tracer's struct io;
 * none of them lives for longer than 120 seconds. It is a plain hash map: an object for which there
 * is no room is refused and counted, and none is evicted silently. Check started() first, then:
 *
 *     object_begin(requests, request, is_wanted, &io, task)
 *         remembers io. `is_wanted`: whether the target includes whoever is charged. `task` is the
 *         thread that requested it, for in flight, or NULL. Returns the clock; 0: no room.
 *     object_end(requests, request, &io, is_included, began)
 *         forgets it, copies io, and returns the clock at its beginning; 0: there is nothing to
 *         measure, which is counted if there should be. Only then is `is_included` evaluated:
 *         whether the target includes whoever would be charged. `began` is its beginning as the
 *         kernel itself has recorded it, by the same clock; 0: not recorded.
 *
 *     no_object_state   there was no room. Its end is not counted again
 *     unmatched_begin   it begins and is already remembered, so an end was not seen: the new one
 *                       replaces it; or it has lived for too long, and is forgotten when a report
 *                       is made
 *     before_attach     it ends, is not remembered, and may have begun before the start
 *     unmatched_end     it ends, is not remembered, and has begun since the start
 *
 * So every object that began is counted once: as measured, lost, or in flight (IN_FLIGHT_OF).
 */
#define OBJECT_STATE(name, object_type, state_type, capacity, seconds)                             \
    const volatile __u64 name##_longest = 1000000000ULL * (seconds);                               \
    _Static_assert(sizeof(object_type) <= 8, "an object is known by up to eight bytes");           \
    _Static_assert(sizeof(state_type) <= 192, "it is twice on the stack of 512");                  \
    typedef state_type name##_state_type;                                                          \
    struct name##_remembered {                                                                     \
        struct tally_object object;                                                                \
        state_type state;                                                                          \
    };                                                                                             \
                                                                                                   \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_HASH);                                                           \
        __uint(max_entries, capacity);                                                             \
        __type(key, __u64);                                                                        \
        __type(value, struct name##_remembered);                                                   \
    } name SEC(".maps") TALLY_TAG("object_state:" #name);                                          \
                                                                                                   \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(max_entries, TALLY_OWED);                                                           \
        __type(key, __u32);                                                                        \
        __type(value, __u64);                                                                      \
    } name##_owed SEC(".maps");                                                                    \
                                                                                                   \
    static __always_inline void name##_owe(__u64 key) {                                            \
        __u32 place = tally_owed_place(key);                                                       \
        __u64* owed = bpf_map_lookup_elem(&name##_owed, &place);                                   \
                                                                                                   \
        if (owed)                                                                                  \
            __sync_fetch_and_add(owed, 1);                                                         \
    }                                                                                              \
                                                                                                   \
    /* Whether an object that is not remembered was already counted as lost. */                    \
    static __always_inline bool name##_pay(__u64 key) {                                            \
        __u32 place = tally_owed_place(key);                                                       \
        __u64* owed = bpf_map_lookup_elem(&name##_owed, &place);                                   \
                                                                                                   \
        if (!owed || *(volatile __s64*)owed <= 0)                                                  \
            return false;                                                                          \
        __sync_fetch_and_add(owed, -1);                                                            \
        return true;                                                                               \
    }                                                                                              \
                                                                                                   \
    static __always_inline __u64 name##_begin(object_type which, bool is_wanted,                   \
                                              const state_type* state, struct task_struct* task) { \
        struct name##_remembered new = {};                                                         \
        __u64 key = (__u64)which;                                                                  \
        struct name##_remembered* old;                                                             \
                                                                                                   \
        new.object.began = clock_ns();                                                             \
        new.object.is_wanted = is_wanted;                                                          \
        if (task) {                                                                                \
            new.object.pid = task_read(task, tgid);                                                \
            new.object.tid = task_read(task, pid);                                                 \
            bpf_probe_read_kernel_str(new.object.comm, sizeof(new.object.comm), task->comm);       \
        }                                                                                          \
        new.state = *state;                                                                        \
        if (!bpf_map_update_elem(&name, &key, &new, BPF_NOEXIST))                                  \
            return new.object.began;                                                               \
        old = bpf_map_lookup_elem(&name, &key);                                                    \
        if (old) {                                                                                 \
            __u64 since = tally_object_since(&old->object);                                        \
                                                                                                   \
            if (!bpf_map_update_elem(&name, &key, &new, BPF_ANY)) {                                \
                pair_unmatched_begin(since);                                                       \
                return new.object.began;                                                           \
            }                                                                                      \
        }                                                                                          \
        name##_owe(key);                                                                           \
        if (is_wanted)                                                                             \
            count_one(LOST_NO_OBJECT_STATE);                                                       \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    /* Whether the object was remembered, or was already counted as lost. *since is as in          \
     * pairing.bpf.h: PAIR_NOT_WANTED if it was not remembered. Only the caller that deletes it    \
     * gets it. */                                                                                 \
    static __always_inline bool name##_take(__u64 key, state_type* state, __u64* since) {          \
        struct name##_remembered* found = bpf_map_lookup_elem(&name, &key);                        \
                                                                                                   \
        *since = PAIR_NOT_WANTED;                                                                  \
        if (found) {                                                                               \
            __u64 began = tally_object_since(&found->object);                                      \
                                                                                                   \
            *state = found->state;                                                                 \
            if (!bpf_map_delete_elem(&name, &key)) {                                               \
                *since = began;                                                                    \
                return true;                                                                       \
            }                                                                                      \
        }                                                                                          \
        return name##_pay(key);                                                                    \
    }                                                                                              \
                                                                                                   \
    /* An object that is too old is assumed to have ended unseen. If it ends at this very moment,  \
     * only one of the two deletes it. If another one has begun at its address by then, that one   \
     * is forgotten and counted as lost instead: each of the two is still counted once. */         \
    static __always_inline void name##_forget(__u64 key) {                                         \
        struct name##_remembered* found = bpf_map_lookup_elem(&name, &key);                        \
        __u64 since, now = clock_ns();                                                             \
                                                                                                   \
        if (!found || now < found->object.began || now - found->object.began <= name##_longest)    \
            return;                                                                                \
        since = tally_object_since(&found->object);                                                \
        /* Owed first: its end may come right after it is deleted. */                              \
        name##_owe(key);                                                                           \
        if (bpf_map_delete_elem(&name, &key)) {                                                    \
            name##_pay(key);                                                                       \
            return;                                                                                \
        }                                                                                          \
        pair_unmatched_begin(since);                                                               \
    }                                                                                              \
                                                                                                   \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(max_entries, 1);                                                                    \
        __type(key, __u32);                                                                        \
        __type(value, struct tally_old_objects);                                                   \
    } name##_old SEC(".maps");                                                                     \
                                                                                                   \
    /* For each report, user space finds out which are too old, puts them into that map and runs   \
     * this. (An iterator over the elements of the map itself, 5.9, is not allowed everywhere.) */ \
    SEC("iter/task")                                                                               \
    int name##_forget_old(struct bpf_iter__task* ctx) {                                            \
        struct tally_old_objects* old;                                                             \
        __u32 only = 0, i;                                                                         \
                                                                                                   \
        if (ctx->meta->seq_num) /* once, not for each thread */                                    \
            return 0;                                                                              \
        old = bpf_map_lookup_elem(&name##_old, &only);                                             \
        for (i = 0; old && i < TALLY_OLD_OBJECTS && i < old->count; i++)                           \
            name##_forget(old->keys[i]);                                                           \
        return 0;                                                                                  \
    }                                                                                              \
    struct tally_semicolon

#define object_begin(name, which, is_wanted, state, task) \
    name##_begin(which, is_wanted, state, task)

#define object_end(name, which, state, is_included, began)                      \
    ({                                                                          \
        __u64 since_of_pair;                                                    \
                                                                                \
        if (!name##_take((__u64)(which), state, &since_of_pair)) {              \
            __u64 not_remembered = tally_not_remembered(began, name##_longest); \
                                                                                \
            pair_unmatched_end(not_remembered, is_included);                    \
        }                                                                       \
        pair_is_open(since_of_pair) ? since_of_pair : 0;                        \
    })

/* IN_FLIGHT_OF(times, requests, key) declares what is in flight for the histogram `times`: the
 * measured objects of OBJECT_STATE(requests ...), by the `key` in their state, which has the type
 * of the histogram's keys. Their age counts from object_begin(). */
#define IN_FLIGHT_OF(name, objects, member)                                                  \
    _Static_assert(__builtin_types_compatible_p(typeof(((objects##_state_type*)0)->member),  \
                                                tally_##name##_key_type),                    \
                   "it is no key of the histogram");                                         \
    const volatile __u32 name##_in_flight_of TALLY_TAG("in_flight_of:" #name ":" #objects) = \
        __builtin_offsetof(struct objects##_remembered, state.member)

#endif /* TALLY_OBJECT_STATE_BPF_H */
