// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Threads that end: each of them with --events, else how many there were and how old they got. The
// keys have an enum in them.
#include "events.bpf.h"

TRACER("Both");

enum way { LEFT, KILLED };
struct end_event {
    struct event_head head;
    enum way way;
    duration_ns age_ns;
};
EVENTS(ends, struct end_event, "threads that end");

struct end_key {
    struct subject subject;
    enum way way;
    __u32 unused;
};
HISTOGRAM(ages, struct end_key, duration_ns, "time from the birth of a thread to its end");
struct end_counts {
    __u64 ends;
    __u64 killed;
};
COUNTS(ended, struct end_key, struct end_counts, "threads that ended");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct* task) {
    enum way way = task->exit_code & 127 ? KILLED : LEFT;
    __u64 now, age;

    if (!started() || !target_includes(task))
        return 0;
    now = clock_ns();
    age = now - task->start_time;
    if (tells_events()) {
        struct end_event* event = event_begin(ends, task, now);

        if (!event)
            return 0;
        event->way = way;
        event->age_ns = age;
        event_submit(ends, event);
    } else {
        struct end_key key = {.subject = subject_of(task), .way = way};
        struct end_counts* counts = counts_of(ended, key, NULL);

        histogram_add(ages, key, age, NULL);
        if (counts) {
            count_up(&counts->ends, 1);
            count_up(&counts->killed, way == KILLED);
        }
    }
    return 0;
}

IN_FLIGHT(ages, task, key) {
    key->subject = subject_of(task);
    return clock_ns() - task->start_time;
}
