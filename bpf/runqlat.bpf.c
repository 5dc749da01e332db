// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// runqlat: the time from the moment a thread becomes runnable to the moment it gets a CPU. With
// --events, as runqslower: each wait, and the thread that had the CPU.
#define TALLY_TASKS_ARE_TYPED true  // its tracepoints pass them
#include "events.bpf.h"
#include "run_queue.bpf.h"

TRACER("Run queue latency: how long runnable threads wait for a CPU");
OPTION(__u64, min_us, 0, "leave out waits shorter than N microseconds");
HISTOGRAM(waits, struct subject, duration_ns, "time from runnable to running");

struct slow_wait_event {
    struct event_head head;
    duration_ns duration_ns;
    enum wait_cause cause;
    __u32 cpu;
    pid_nr previous_pid;  // 0: the CPU was idle
    comm previous_comm;
    container_of_cgroup previous_container;
};
EVENTS(slow_waits, struct slow_wait_event, "long waits for a CPU");

// Not inlined, so that the registers that it needs are not saved when waits only go into a
// histogram.
static __noinline int tell_wait(struct task_struct* task, enum wait_cause cause, __u64 duration,
                                __u64 now, struct task_struct* previous) {
    struct slow_wait_event* event = event_begin(slow_waits, task, now);

    if (!event)
        return 0;
    event->duration_ns = duration;
    event->cause = cause;
    event->cpu = bpf_get_smp_processor_id();
    event->previous_pid = previous->tgid;
    bpf_probe_read_kernel_str(event->previous_comm, sizeof(event->previous_comm), previous->comm);
    event->previous_container = charged_cgroup(previous);
    event_submit(slow_waits, event);
    return 0;
}

static __always_inline void wait_ended(struct task_struct* task, struct cpu_wait* wait,
                                       __u64 duration, __u64 now, struct task_struct* previous) {
    if (min_us && duration / 1000 < min_us)
        return;
    if (tells_events())
        tell_wait(task, wait->cause, duration, now, previous);
    else
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
