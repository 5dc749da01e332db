/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Cgroups: which one a thread is in, which ones are wanted, and which ones are born.
 */
#ifndef TALLY_CGROUP_BPF_H
#define TALLY_CGROUP_BPF_H

#include "compat.bpf.h"
#include "loss.bpf.h"
#include "wire.h"

/* The one hierarchy of this run (src/session/hierarchy.cpp): its number, which is the first field
 * of a line of /proc/PID/cgroup. 0 is version 2. Ids of different hierarchies collide. */
const volatile int hierarchy_number = 0;

/* In version 1: one of its controllers, by its number in enum cgroup_subsys_id of the running
 * kernel. A hierarchy that has a name instead (name=systemd) has none. */
#define TALLY_NO_CONTROLLER (~0U)
const volatile __u32 hierarchy_controller = TALLY_NO_CONTROLLER;

#define TALLY_NO_CGROUP (~0ULL)

/* Only the list of a css_set's cgroups has those of hierarchies without a controller. It is read
 * without css_set_lock, under which the run queue's lock is taken (css_set_move_task()); so
 * bpf_task_get_cgroup1() is not for the scheduler's events either. A thread that is moved by
 * another CPU at this moment may seem to be in none: then it is in an unknown one, not in 0, which
 * stands for the kernel's threads. */
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

/* Every event of a thread passes here: a walk over typed pointers costs 1 ns, a probe read 16. The
 * verifier knows the constants, removes what they switch off, and takes the array's index for a
 * literal one. */
static __always_inline __u64 cgroup_of(struct task_struct* task) {
    struct css_set* set = task->cgroups;
    struct cgroup_subsys_state** states;

    if (hierarchy_number == 0)
        return set->dfl_cgrp->kn->id;
    if (hierarchy_controller == TALLY_NO_CONTROLLER)
        return cgroup_in_named_hierarchy(set);
    states = (void*)set + bpf_core_field_offset(struct css_set, subsys);
    return states[hierarchy_controller]->cgroup->kn->id;
}

/* --container, --cgroup: the wanted cgroups with all below them. */
const volatile bool target_by_cgroup = false;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u64);
    __type(value, __u8);
} target_cgroups SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} tally_cgroup_events SEC(".maps");

static __always_inline struct tally_cgroup_event* reserve_cgroup_event(__u64 id, bool removed) {
    struct tally_cgroup_event* event = bpf_ringbuf_reserve(&tally_cgroup_events, sizeof(*event), 0);

    if (!event) {
        count_one(LOST_CGROUP_EVENT);
        return NULL;
    }
    event->id = id;
    event->parent = 0;
    event->removed = removed;
    event->name[0] = 0;
    return event;
}

/* A child of a wanted cgroup is wanted before any thread can enter it: this runs before the new
 * directory becomes visible (cgroup_mkdir() calls TRACE_CGROUP_PATH before kernfs_activate()). */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tally_cgroup_mkdir, struct cgroup* cgroup, const char* path) {
    struct tally_cgroup_event* event;
    __u64 id, parent;
    __u8 member = 1;

    if (cgroup->root->hierarchy_id != hierarchy_number)
        return 0;
    id = cgroup->kn->id;
    parent = cgroup->self.parent->cgroup->kn->id;
    if (target_by_cgroup && bpf_map_lookup_elem(&target_cgroups, &parent) &&
        bpf_map_update_elem(&target_cgroups, &id, &member, BPF_ANY))
        count_one(LOST_TARGET_FULL);

    event = reserve_cgroup_event(id, false);
    if (event) {
        event->parent = parent;
        bpf_probe_read_kernel_str(event->name, sizeof(event->name),
                                  BPF_CORE_READ(cgroup, kn, name));
        bpf_ringbuf_submit(event, 0);
    }
    return 0;
}

/* Makes room in the set: a container may make and remove cgroups for ever. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(tally_cgroup_rmdir, struct cgroup* cgroup, const char* path) {
    struct tally_cgroup_event* event;
    __u64 id;

    if (cgroup->root->hierarchy_id != hierarchy_number)
        return 0;
    id = cgroup->kn->id;
    if (target_by_cgroup)
        bpf_map_delete_elem(&target_cgroups, &id);
    event = reserve_cgroup_event(id, true);
    if (event)
        bpf_ringbuf_submit(event, 0);
    return 0;
}

#endif /* TALLY_CGROUP_BPF_H */
