// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// oomsnoop: each process that the kernel kills because memory has run out.
#define TALLY_TASKS_ARE_TYPED false  // a victim may be known only by its pid
#include "cgroup_path.bpf.h"
#include "memory.bpf.h"
#include "probes.bpf.h"

TRACER("OOM kills: processes killed because memory ran out");

struct oom_event {
    struct event_head head;
    pid_nr container_pid;  // in the innermost pid namespace
    __s32 oom_score_adj;
    bytes anonymous_memory;
    bytes file_memory;
    bytes shared_memory;
    bytes page_tables;
    bytes memory_limit;  // of memory_cgroup
    pid_nr trigger_pid;
    comm trigger_comm;
    path memory_cgroup;
};
EVENTS(kills, struct oom_event, "processes that are killed because memory has run out");

// Since 6.12, the field exists only with CONFIG_MEMCG_V1, but then for version 2 as well.
struct mem_cgroup___with_lock {
    bool oom_lock;
} __attribute__((preserve_access_index));

static __always_inline struct mem_cgroup* memory_cgroup_of(struct task_struct* task) {
    struct cgroup_subsys_state** states;
    struct cgroup_subsys_state* state = NULL;
    struct css_set* set = BPF_CORE_READ(task, cgroups);

    states = (void*)set + bpf_core_field_offset(struct css_set, subsys);
    bpf_core_read(&state, sizeof(state),
                  &states[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]);
    return (void*)state - bpf_core_field_offset(struct mem_cgroup, css);
}

// Whether this cgroup has no room for another page.
static __always_inline bool is_full(struct mem_cgroup* memory) {
    __s64 used = BPF_CORE_READ(memory, memory.usage.counter);

    return used >= (__s64)BPF_CORE_READ(memory, memory.max);
}

#define MOST_LEVELS 48

// The cgroup whose limit was reached; NULL: none, the machine has no memory left (or none of what a
// NUMA policy allows). While a victim is chosen, that cgroup and all below it are locked, so that
// only one is chosen at a time (mem_cgroup_oom_trylock()): it is the highest locked cgroup above
// the victim.
static __always_inline struct mem_cgroup* exhausted_cgroup(struct task_struct* victim) {
    struct mem_cgroup* memory = memory_cgroup_of(victim);
    struct mem_cgroup* found = NULL;
    int i;

    for (i = 0; i < MOST_LEVELS; i++) {
        struct cgroup_subsys_state* above;

        if (bpf_core_field_exists(((struct mem_cgroup___with_lock*)0)->oom_lock)) {
            if (BPF_CORE_READ((struct mem_cgroup___with_lock*)memory, oom_lock))
                found = memory;
        } else if (is_full(memory)) {
            return memory;
        }
        above = BPF_CORE_READ(memory, css.parent);
        if (!above)
            break;
        memory = (void*)above - bpf_core_field_offset(struct mem_cgroup, css);
    }
    return found;
}

// The event is charged to the victim; `current` is the thread that requested a page.
static __always_inline void tell(struct task_struct* victim) {
    struct mm_struct* mm = task_read(victim, mm);
    struct mem_cgroup* memory;
    struct oom_event* event;

    if (!target_includes(victim))
        return;
    event = event_begin(kills, victim, clock_ns());
    if (!event)
        return;
    event->container_pid = container_pid_of(victim);
    event->oom_score_adj = task_read(victim, signal, oom_score_adj);
    event->anonymous_memory = resident_bytes(mm, ANONYMOUS_PAGES);
    event->file_memory = resident_bytes(mm, FILE_PAGES);
    event->shared_memory = resident_bytes(mm, SHARED_PAGES);
    event->page_tables = BPF_CORE_READ(mm, pgtables_bytes.counter);
    event->trigger_pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(event->trigger_comm, sizeof(event->trigger_comm));
    event->memory_limit = NO_BYTES;
    memory = exhausted_cgroup(victim);
    if (memory) {
        event->memory_limit = BPF_CORE_READ(memory, memory.max) * TALLY_PAGE_SIZE;
        event_cgroup_path(kills, event, memory_cgroup, BPF_CORE_READ(memory, css.cgroup));
    }
    event_submit(kills, event);
}

// Since 6.9, the tracepoint passes the victim's task_struct (72ba14deb40a "mm: update mark_victim
// tracepoints fields"; backported as far as 5.10).
SEC("tp_btf/mark_victim")
PROBE_WITH(victim, 1, 2)
int on_victim(__u64* arguments) {
    tell((struct task_struct*)arguments[0]);
    return 0;
}

// Before that, its pid.
SEC("tp_btf/mark_victim")
PROBE_WITH(victim, 2, 1)
int on_victim_number(__u64* arguments) {
    struct task_struct* victim = task_of_number(arguments[0]);

    if (victim)
        tell(victim);
    else
        count_one(LOST_NO_THREAD_STATE);
    return 0;
}
