/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Cgroups: which one a thread is in, which ones are wanted, and which ones are born.
 */
#ifndef TALLY_CGROUP_BPF_H
#define TALLY_CGROUP_BPF_H

#include "compat.bpf.h"
#include "loss.bpf.h"
#include "wire.h"

/* The hierarchy of this run, as in the first field of /proc/PID/cgroup; 0 is version 2. Ids of
 * different hierarchies collide. */
const volatile __s32 tally_hierarchy = 0;

/* Every event of a thread passes here: a walk over typed pointers costs 1 ns, a probe read 16. */
static __always_inline __u64 cgroup_of(struct task_struct* task) {
    return task->cgroups->dfl_cgrp->kn->id;
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
} tally_births SEC(".maps");

/* A child of a wanted cgroup is wanted before any thread can enter it: this runs before the new
 * directory becomes visible (cgroup_mkdir() calls TRACE_CGROUP_PATH before kernfs_activate()). */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tally_cgroup_mkdir, struct cgroup* cgroup, const char* path) {
    struct tally_birth* birth;
    __u64 id, parent;
    __u8 member = 1;

    if (cgroup->root->hierarchy_id != tally_hierarchy)
        return 0;
    id = cgroup->kn->id;
    parent = cgroup->self.parent->cgroup->kn->id;
    if (target_by_cgroup && bpf_map_lookup_elem(&target_cgroups, &parent) &&
        bpf_map_update_elem(&target_cgroups, &id, &member, BPF_ANY))
        count_one(LOST_TARGET_FULL);

    birth = bpf_ringbuf_reserve(&tally_births, sizeof(*birth), 0);
    if (!birth) {
        count_one(LOST_CGROUP_BIRTH);
        return 0;
    }
    birth->id = id;
    birth->parent = parent;
    bpf_probe_read_kernel_str(birth->name, sizeof(birth->name), BPF_CORE_READ(cgroup, kn, name));
    bpf_ringbuf_submit(birth, 0);
    return 0;
}

#endif /* TALLY_CGROUP_BPF_H */
