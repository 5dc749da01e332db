// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// runqlat: from the moment a thread becomes runnable to the moment it gets a CPU.
#include "tally.bpf.h"

TRACER("How long runnable threads wait for a CPU");
OPTION(__u64, min_us, 0, "leave out waits shorter than this many microseconds");
HISTOGRAM(waits, struct subject, duration_ns, "time from runnable to running");

struct wait {
    __u64 since;  // NEVER_SEEN, NOT_WAITING, or the clock when the thread became runnable
};
enum { NEVER_SEEN = 0, NOT_WAITING = 1 };
THREAD_STATE(runnable, struct wait);

// Probes are attached in the order of this file, the end before the beginnings: a wait that begins
// meanwhile is then never left open.
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    struct wait* wait;
    __u64 now = 0;
    __u64 since;

    // `prev` waits again if it was preempted or yielded; else it sleeps, and a wake-up that came
    // before it could is spent. Thread 0 is the idle loop: it is never in a queue.
    if (prev->pid) {
        wait = runnable_of(prev);
        if (wait && (preempt || !task_state(prev)) && target_includes(prev))
            wait->since = now = clock_ns();
        else if (wait && wait->since)
            wait->since = NOT_WAITING;
    }
    if (!next->pid)
        return 0;
    wait = runnable_of(next);
    if (!wait) {
        count_one(LOST_NO_THREAD_STATE);
        return 0;
    }
    since = wait->since;
    wait->since = NOT_WAITING;
    if (since == NEVER_SEEN && target_includes(next))
        count_one(BEFORE_ATTACH);
    if (since <= NOT_WAITING)
        return 0;
    if (!now)
        now = clock_ns();
    if (now < since)
        count_one(LOST_NEGATIVE_TIME);
    else if (now - since >= min_us * 1000)
        histogram_add(waits, subject_of(next), now - since);
    return 0;
}

// The woken thread, whoever woke it. A thread that is woken while it waits keeps its place: a
// preempted thread that was about to sleep is runnable all along.
static __always_inline int became_runnable(struct task_struct* task) {
    struct wait* wait = runnable_of(task);

    if (!wait)
        count_one(LOST_NO_THREAD_STATE);
    else if (wait->since <= NOT_WAITING && target_includes(task))
        wait->since = clock_ns();
    return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct* task) {
    return became_runnable(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct* task) {
    struct wait* wait = runnable_of(task);

    if (wait)
        wait->since = NOT_WAITING;  // a thread of the same number may have been here before
    return became_runnable(task);
}

IN_FLIGHT(waits, struct subject, task, key) {
    struct wait* wait = runnable_of(task);

    if (!wait || wait->since <= NOT_WAITING || task_on_cpu(task))
        return 0;
    *key = subject_of(task);
    return wait->since;
}
