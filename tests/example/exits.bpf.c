// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// exits: each thread that ends, and how.
#include "events.bpf.h"

TRACER("Threads that end");
OPTION(bool, killed_only, false, "only those that a signal has ended");

enum way { LEFT, KILLED };
struct exit_event {
    struct event_head head;  // first in every event: when, and whose
    signal_nr signal;        // the others are columns, shown as their types say
    natural_or_none exit_code;
    enum way way;
    path program;  // text goes last: it has no width
};
EVENTS(exits, struct exit_event, "threads that end");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
    __u32 signal = task->exit_code & 127;
    struct exit_event* event;

    if ((killed_only && !signal) || !target_includes(task))
        return 0;
    event = event_begin(exits, task, clock_ns());
    if (!event)
        return 0;
    event->signal = signal;
    event->exit_code = signal ? -1 : task->exit_code >> 8 & 255;
    event->way = signal ? KILLED : LEFT;
    event_kernel_string(exits, event, program, task->comm);
    event_submit(exits, event);
    return 0;
}
