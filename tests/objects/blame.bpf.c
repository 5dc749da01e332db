// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Whose time it is, and who was in the way; with types that are called like those of a macro.
#include "events.bpf.h"

TRACER("Who ran while another waited");
BY("container,culprit");

const volatile bool by_culprit = true;

struct blame_key {
    struct subject subject;
    cgroup_id culprit;
};
struct blame_slot {
    __u64 stints;
};
struct blame_content {
    duration_ns wait_ns;
};
COUNTS(blame, struct blame_key, struct blame_content, "waiting time by who ran meanwhile");

struct blame_record {
    struct event_head head;
    cgroup_id culprit;
};
EVENTS(blames, struct blame_record, "waits");
struct blames_record {
    struct blame_slot slot;
};
struct blames_scratch {
    struct blames_record record;
};

static __always_inline struct blame_slot* blame_find(struct blame_slot* slot) {
    return slot;
}
static __always_inline void blame_add(struct blame_slot* slot) {
    slot->stints++;
}
static __always_inline void blames_submit(struct blames_scratch* scratch) {
    blame_add(blame_find(&scratch->record.slot));
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    struct blame_key key = {.subject = subject_of(next)};
    struct blames_scratch scratch = {};
    struct blame_content* content;
    struct blame_record* event;

    if (!started() || !target_includes(next))
        return 0;
    blames_submit(&scratch);
    if (tells_events()) {
        event = event_begin(blames, next, clock_ns());
        if (!event)
            return 0;
        event->culprit = charged_cgroup(prev);
        event_submit(blames, event);
        return 0;
    }
    if (by_culprit)
        key.culprit = charged_cgroup(prev);
    content = counts_of(blame, key, NULL);
    if (content)
        count_up(&content->wait_ns, scratch.record.slot.stints);
    return 0;
}
