// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// For each program that begins, five records that are not laid out as declared, and one that is.
#include "events.bpf.h"

TRACER("Events that are none");
struct strange_event {
    struct event_head head;
    path file;
};
EVENTS(strange, struct strange_event, "strange events");

struct record {
    struct tally_event_front front;
    struct strange_event event;
};

static __always_inline void send(struct record* record, __u32 size) {
    bpf_ringbuf_output(&tally_events, record, size, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
    struct record record = {};

    if (!target_includes(task))
        return 0;
    record.event.head = event_head_of(task, clock_ns());
    send(&record, 4);
    send(&record, sizeof(record) - 8);
    record.front.kind = 1;
    send(&record, sizeof(record));
    record.front.kind = 0;
    record.front.text_size = 1;
    send(&record, sizeof(record));
    record.front.text_size = 0;
    record.event.file.state = TALLY_TEXT_WHOLE;
    record.event.file.offset = 65535;
    record.event.file.length = 65535;
    send(&record, sizeof(record));
    record.event.file.state = TALLY_TEXT_NONE;
    send(&record, sizeof(record));
    return 0;
}
