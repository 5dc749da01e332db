// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Whether task_of_number() finds the thread that begins a program, and nothing for a number that no
// thread has.
#include "events.bpf.h"

TRACER("Threads that are found by their number");

struct found_event {
    struct event_head head;
    bool same;   // it is the thread
    bool stray;  // another number has a thread
};
EVENTS(found, struct found_event, "programs that begin");

#define NOBODY 4194304  // PID_MAX_LIMIT, include/linux/threads.h: one more than the largest

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
    struct found_event* event;

    if (!target_includes(task))
        return 0;
    event = event_begin(found, task, clock_ns());
    if (!event)
        return 0;
    event->same = task_of_number(task->pid) == task;
    event->stray = task_of_number(NOBODY) != NULL;
    event_submit(found, event);
    return 0;
}
