/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Begin and end of what a tracer measures, and what is lost between them. The state is one __u64 in
 * the tracer's THREAD_STATE, called `since` here: one of the constants below, or, while something
 * measured is open, any greater number. That is the clock at its beginning, or whatever else
 * identifies it, or PAIR_BEGAN.
 *
 *     begin   unmatched_begin if the last one is still open: its end was not seen
 *     end     before_attach   if the thread has had no event yet: it began before the probes
 *             unmatched_end   if nothing is open: the beginning was not seen
 *             negative_time   if the end is before the beginning
 *
 * A begin stores whether the target includes the thread; the end obeys, and asks the target only
 * about an end without a begin. docs/new-tool.md has an example.
 */
#ifndef TALLY_PAIRING_BPF_H
#define TALLY_PAIRING_BPF_H

#include "tally.bpf.h"

enum {
    PAIR_NEVER_SEEN, /* no event of the thread yet */
    PAIR_OUTSIDE,    /* nothing is open */
    PAIR_NOT_WANTED, /* something is open that is not measured */
    PAIR_BEGAN,      /* something measured is open, and its clock does not matter */
};

/* pair_state(calling, task): the THREAD_STATE `calling` of a thread; NULL is counted as a loss. */
#define pair_state(name, task)                                   \
    ({                                                           \
        typeof(name##_of(task)) state_of_pair = name##_of(task); \
                                                                 \
        if (!state_of_pair)                                      \
            count_one(LOST_NO_THREAD_STATE);                     \
        state_of_pair;                                           \
    })

/* Whether something measured is open. */
static __always_inline bool pair_is_open(__u64 since) {
    return since > PAIR_NOT_WANTED;
}

/* Counts what is still open where nothing can be: its end was not seen. */
static __always_inline void pair_unmatched_begin(__u64 since) {
    if (pair_is_open(since))
        count_one(LOST_UNMATCHED_BEGIN);
}

/* Counts an end for which nothing is open. `is_included` is evaluated only then: whether the target
 * includes the thread. */
#define pair_unmatched_end(since, is_included)                                          \
    do {                                                                                \
        if ((since) < PAIR_NOT_WANTED && (is_included))                                 \
            count_one((since) == PAIR_NEVER_SEEN ? BEFORE_ATTACH : LOST_UNMATCHED_END); \
    } while (0)

/* Begins something that is not measured, unless the caller overwrites *since. */
static __always_inline void pair_begin(__u64* since) {
    pair_unmatched_begin(*since);
    *since = PAIR_NOT_WANTED;
}

/* Sets *since to the clock if what begins is measured, else to PAIR_NOT_WANTED. Does not count what
 * is still open: pair_unmatched_begin() or pair_close() before. Returns the clock; 0: not read. */
static __always_inline __u64 pair_start_clock(__u64* since, bool is_wanted) {
    __u64 now = is_wanted ? clock_ns() : 0;

    *since = now ? now : PAIR_NOT_WANTED;
    return now;
}

/* Ends what is open, unseen: the thread is known to be outside. */
static __always_inline void pair_close(__u64* since) {
    pair_unmatched_begin(*since);
    *since = PAIR_OUTSIDE;
}

/* Ends what is open and returns what *since was. The caller counts what does not match. */
static __always_inline __u64 pair_take(__u64* since) {
    __u64 began = *since;

    barrier_var(began); /* without, clang makes syslat's on_exit 30 instructions longer */
    *since = PAIR_OUTSIDE;
    return began;
}

/* Ends what is open and returns what *since was; 0 if nothing measured is open, which is counted if
 * something should be. */
static __always_inline __u64 pair_end(__u64* since, struct task_struct* task) {
    __u64 began = pair_take(since);

    if (pair_is_open(began))
        return began;
    pair_unmatched_end(began, target_includes(task));
    return 0;
}

/* Sets *duration. False, and counted: the end is before the beginning. */
static __always_inline bool pair_duration(__u64 since, __u64 now, __u64* duration) {
    if (now < since) {
        count_one(LOST_NEGATIVE_TIME);
        return false;
    }
    *duration = now - since;
    return true;
}

#endif /* TALLY_PAIRING_BPF_H */
