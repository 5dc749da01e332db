// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// runqlat: from the moment a thread becomes runnable to the moment it gets a CPU.
#define TALLY_TASKS_ARE_TYPED true  // its tracepoints hand them out
#include "run_queue.bpf.h"

TRACER("Run queue latency: how long runnable threads wait for a CPU");
OPTION(__u64, min_us, 0, "leave out waits shorter than N microseconds");
HISTOGRAM(waits, struct subject, duration_ns, "time from runnable to running");

static __always_inline void wait_ended(struct task_struct* task, struct cpu_wait* wait,
                                       __u64 duration, __u64 now, struct task_struct* previous) {
    if (!min_us || duration / 1000 >= min_us)
        histogram_add(waits, subject_of(task), duration, &wait->place);
}

IN_FLIGHT(waits, task, key) {
    struct cpu_wait* wait = runnable_of(task);
    __u64 since = wait ? wait->since : PAIR_OUTSIDE;
    __u64 now = clock_ns();

    if (since == PAIR_OUTSIDE || since == PAIR_NOT_WANTED || task_on_cpu(task))
        return 0;
    *key = subject_of(task);
    if (since == PAIR_NEVER_SEEN)
        return task_state(task) ? 0 : TALLY_OLDER_THAN_RUN;
    return now > since ? now - since : 1;
}
