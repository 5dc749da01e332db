/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Cgroups: that of a thread, and those of the target.
 */
#ifndef TALLY_CGROUP_BPF_H
#define TALLY_CGROUP_BPF_H

#include "compat.bpf.h"
#include "declare.bpf.h"
#include "wire.h"

/* The number of the hierarchy that this run uses (src/session/hierarchy.cpp): the first field of a
 * line of /proc/PID/cgroup. 0 is version 2. Ids of different hierarchies collide. */
const volatile int hierarchy_number = 0;

/* In version 1: one of its controllers, by its number in enum cgroup_subsys_id of the running
 * kernel. A hierarchy with a name instead of controllers (name=systemd) has none. */
#define TALLY_NO_CONTROLLER (~0U)
const volatile __u32 hierarchy_controller = TALLY_NO_CONTROLLER;

#define TALLY_NO_CGROUP (~0ULL)

/* Cgroups of hierarchies without a controller are found only in the list of a css_set's cgroups.
 * The list is read without css_set_lock, because the run queue's lock is taken under that
 * (css_set_move_task()); for the same reason the scheduler's events cannot use
 * bpf_task_get_cgroup1(). A thread that is being moved by another CPU may seem to be in no cgroup:
 * then its cgroup is unknown, and not 0, which stands for kernel threads. */
static __always_inline __u64 cgroup_in_named_hierarchy(struct css_set* set) {
    struct list_head* end = &set->cgrp_links;
    struct list_head* each = BPF_CORE_READ(end, next);
    int i;

    for (i = 0; i < TALLY_MOST_HIERARCHIES && each != end; i++) {
        struct cgrp_cset_link* link =
            (void*)each - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
        struct cgroup* cgroup = BPF_CORE_READ(link, cgrp);

        if (BPF_CORE_READ(cgroup, root, hierarchy_id) == hierarchy_number)
            return BPF_CORE_READ(cgroup, kn, id);
        each = BPF_CORE_READ(each, next);
    }
    return TALLY_NO_CGROUP;
}

/* Called for every event of a thread: a walk over typed pointers costs 1 ns, a probe read 16. The
 * verifier knows the constants, removes the branches that they disable, and treats the array's
 * index as a literal. */
static __always_inline __u64 cgroup_of(struct task_struct* task) {
    struct css_set* set;
    struct cgroup_subsys_state** states;
    struct cgroup_subsys_state* state = NULL;

    if (hierarchy_number == 0)
        return task_read(task, cgroups, dfl_cgrp, kn, id);
    set = task_read(task, cgroups);
    if (hierarchy_controller == TALLY_NO_CONTROLLER)
        return cgroup_in_named_hierarchy(set);
    states = (void*)set + bpf_core_field_offset(struct css_set, subsys);
    if (TALLY_TASKS_ARE_TYPED)
        return states[hierarchy_controller]->cgroup->kn->id;
    bpf_core_read(&state, sizeof(state), &states[hierarchy_controller]);
    return BPF_CORE_READ(state, cgroup, kn, id);
}

/* --container, --cgroup: the cgroups of the target, with all cgroups below them. */
const volatile bool target_by_cgroup = false;

/* --container: every cgroup that is created from now on belongs to the target until user space
 * decides otherwise. The name of a container may become known only after it has run for a while,
 * but it is measured from its first instruction. User space holds back the values until then
 * (src/session/target.h). */
const volatile bool target_by_name = false;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u64);
    __type(value, __u8);
} target_cgroups SEC(".maps") TALLY_ENGINE_MAP;

#endif /* TALLY_CGROUP_BPF_H */
