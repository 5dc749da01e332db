// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// runqslower: each long wait for a CPU, and the thread that had the CPU.
#define TALLY_TASKS_ARE_TYPED true  // its tracepoints hand them out
#include "events.bpf.h"
#include "run_queue.bpf.h"

TRACER("Slow waits for a CPU, and the thread that had it");
OPTION(__u64, min_us, 10000, "leave out waits shorter than N microseconds");

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

static __always_inline void wait_ended(struct task_struct* task, struct cpu_wait* wait,
                                       __u64 duration, __u64 now, struct task_struct* previous) {
    struct slow_wait_event* event;

    if (min_us && duration / 1000 < min_us)
        return;
    event = event_begin(slow_waits, task, now);
    if (!event)
        return;
    event->duration_ns = duration;
    event->cause = wait->cause;
    event->cpu = bpf_get_smp_processor_id();
    event->previous_pid = previous->tgid;
    bpf_probe_read_kernel_str(event->previous_comm, sizeof(event->previous_comm), previous->comm);
    event->previous_container = charged_cgroup(previous);
    event_submit(slow_waits, event);
}
