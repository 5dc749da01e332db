// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// oncpu: from the moment a thread gets a CPU to the moment it gives it up or loses it.
#include "tally.bpf.h"

TRACER("How long threads keep a CPU");
OPTION(bool, preempted_only, false, "only stays that ended because another thread had to run");

struct stay_key {
    struct subject subject;  // first in every key: who
    __u64 preempted;         // a key of its own: --by container,preempted
};
HISTOGRAM(stays, struct stay_key, duration_ns, "time from getting a CPU to giving it up");

struct stay {
    __u64 since;
};
THREAD_STATE(running, struct stay);

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    __u64 now = clock_ns();
    struct stay* stay = running_of(prev);
    bool preempted = preempt || !task_state(prev);  // runnable: on its way to user space, or yields

    if (prev->pid && stay && stay->since && (preempted || !preempted_only)) {
        struct stay_key key = {.subject = subject_of(prev), .preempted = preempted};

        histogram_add(stays, key, now - stay->since, NULL);
    }
    if (stay)
        stay->since = 0;
    stay = running_of(next);
    if (stay)
        stay->since = target_includes(next) ? now : 0;
    else if (next->pid)
        count_one(LOST_NO_THREAD_STATE);
    return 0;
}

IN_FLIGHT(stays, task, key) {
    struct stay* stay = running_of(task);

    key->subject = subject_of(task);
    return stay && stay->since && task->pid ? clock_ns() - stay->since : 0;
}
