/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Waits for a CPU: from the moment a thread becomes runnable to the moment it gets one. A tracer
 * includes it and defines wait_ended().
 */
#ifndef TALLY_RUN_QUEUE_BPF_H
#define TALLY_RUN_QUEUE_BPF_H

#include "tally.bpf.h"

/* Why a thread waits. One that yields, and one that loses its CPU on its way out of the kernel,
 * look the same to sched_switch: they are preempted. */
enum wait_cause { WOKEN, PREEMPTED, CREATED };

struct wait {
    __u64 since; /* the clock when the thread became runnable, or one of those below */
    __u32 place; /* of its last histogram */
    enum wait_cause cause;
};
enum {
    NEVER_SEEN,  /* no event of the thread yet */
    NOT_WAITING, /* it runs or sleeps */
    NOT_WANTED,  /* it waits, and is not measured */
};
THREAD_STATE(runnable, struct wait);

/* The tracer's: a thread of the target has a CPU at last, after `duration` nanoseconds; `now` is
 * the clock, `previous` is the thread that had this CPU before. */
static __always_inline void wait_ended(struct task_struct* task, struct wait* wait, __u64 duration,
                                       __u64 now, struct task_struct* previous);

/* Whether a wait is measured is decided where it begins, and remembered. Returns the clock, if it
 * was read. */
static __always_inline __u64 begin_wait(struct task_struct* task, struct wait* wait,
                                        enum wait_cause cause) {
    __u64 now = target_includes(task) ? clock_ns() : 0;

    wait->cause = cause;
    wait->since = now ? now : NOT_WANTED;
    return now;
}

static __always_inline void end_wait(struct task_struct* task, struct wait* wait, __u64 now,
                                     struct task_struct* previous) {
    __u64 since = wait->since;

    wait->since = NOT_WAITING;
    if (since <= NOT_WAITING) {
        if (target_includes(task))
            count_one(since == NEVER_SEEN ? BEFORE_ATTACH : LOST_UNMATCHED_END);
        return;
    }
    if (since == NOT_WANTED)
        return;
    if (!now)
        now = clock_ns();
    if (now < since)
        count_one(LOST_NEGATIVE_TIME);
    else
        wait_ended(task, wait, now - since, now, previous);
}

/* `prev` waits again if it was preempted or yielded, else it sleeps; `next` waits no more. Thread 0
 * is the idle loop, which is never in a queue. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    struct wait* wait;
    __u64 now = 0;

    if (!started())
        return 0;
    if (prev->pid) {
        wait = runnable_of(prev);
        if (!wait) {
            count_one(LOST_NO_THREAD_STATE);
        } else {
            if (wait->since > NOT_WANTED)
                count_one(LOST_UNMATCHED_BEGIN); /* it came to run, and nobody told us */
            wait->since = NOT_WAITING;
            if (preempt || !task_state(prev))
                now = begin_wait(prev, wait, PREEMPTED);
        }
    }
    if (next->pid) {
        wait = runnable_of(next);
        if (wait)
            end_wait(next, wait, now, prev);
        else
            count_one(LOST_NO_THREAD_STATE);
    }
    return 0;
}

/* The woken thread, whoever woke it. One that runs needs no CPU; one that waits keeps its place: a
 * preempted thread that was about to sleep is runnable all along. */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct* task) {
    struct wait* wait;

    if (!started())
        return 0;
    wait = runnable_of(task);
    if (!wait)
        count_one(LOST_NO_THREAD_STATE);
    else if (wait->since <= NOT_WAITING && !task_on_cpu(task))
        begin_wait(task, wait, WOKEN);
    return 0;
}

/* A thread of the same number may have been here before. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct* task) {
    struct wait* wait;

    if (!started())
        return 0;
    wait = runnable_of(task);
    if (wait)
        begin_wait(task, wait, CREATED);
    else
        count_one(LOST_NO_THREAD_STATE);
    return 0;
}

#endif /* TALLY_RUN_QUEUE_BPF_H */
