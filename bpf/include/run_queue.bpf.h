/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Waits for a CPU: from the moment a thread becomes runnable to the moment it gets one. A tracer
 * includes this file and defines wait_ended().
 */
#ifndef TALLY_RUN_QUEUE_BPF_H
#define TALLY_RUN_QUEUE_BPF_H

#include "pairing.bpf.h"

/* Why a thread waits. A thread that yields and a thread that loses its CPU on its way out of the
 * kernel look the same to sched_switch: both are preempted. */
enum wait_cause { WOKEN, PREEMPTED, CREATED };

struct cpu_wait {
    __u64 since; /* the clock when the thread became runnable; PAIR_OUTSIDE: it runs or sleeps */
    __u32 place; /* of its last histogram (slots.bpf.h) */
    enum wait_cause cause;
};
THREAD_STATE(runnable, struct cpu_wait);

/* Defined by the tracer. A thread of the target got a CPU after `duration` nanoseconds; `now` is
 * the clock, `previous` is the thread that had this CPU before. */
static __always_inline void wait_ended(struct task_struct* task, struct cpu_wait* wait,
                                       __u64 duration, __u64 now, struct task_struct* previous);

/* Decides whether the wait is measured. Returns the clock; 0 if it was not read. */
static __always_inline __u64 cpu_wait_begins(struct task_struct* task, struct cpu_wait* wait,
                                             enum wait_cause cause) {
    wait->cause = cause;
    return pair_start_clock(&wait->since, target_includes(task));
}

/* `now` is the clock; 0 if it was not read yet. */
static __always_inline void cpu_wait_ends(struct task_struct* task, struct cpu_wait* wait,
                                          __u64 now, struct task_struct* previous) {
    __u64 since = pair_end(&wait->since, task);
    __u64 duration;

    if (!since)
        return;
    if (!now)
        now = clock_ns();
    if (pair_duration(since, now, &duration))
        wait_ended(task, wait, duration, now, previous);
}

/* `prev` waits again if it was preempted or yielded, otherwise it sleeps; `next` stops waiting.
 * Thread 0 is the idle loop, which is never in a queue. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    struct cpu_wait* wait;
    __u64 now = 0;

    if (!started())
        return 0;
    if (prev->pid) {
        wait = pair_state(runnable, prev);
        if (wait) {
            pair_close(&wait->since); /* a thread that ran does not wait */
            if (preempt || !task_state(prev))
                now = cpu_wait_begins(prev, wait, PREEMPTED);
        }
    }
    if (next->pid) {
        wait = pair_state(runnable, next);
        if (wait)
            cpu_wait_ends(next, wait, now, prev);
    }
    return 0;
}

/* Concerns the woken thread, whichever thread woke it. A thread on a CPU does not wait for one. A
 * thread that already waits continues to wait: one that was preempted on its way to sleep is
 * runnable all along. */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct* task) {
    struct cpu_wait* wait;

    if (!started())
        return 0;
    wait = pair_state(runnable, task);
    if (wait && wait->since <= PAIR_OUTSIDE && !task_on_cpu(task))
        cpu_wait_begins(task, wait, WOKEN);
    return 0;
}

/* Overwrites the state that the last thread with the same number left. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct* task) {
    struct cpu_wait* wait;

    if (!started())
        return 0;
    wait = pair_state(runnable, task);
    if (wait)
        cpu_wait_begins(task, wait, CREATED);
    return 0;
}

#endif /* TALLY_RUN_QUEUE_BPF_H */
