/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which threads are measured. Ask about the thread that is charged, never about `current` by
 * reflex: at a wake-up, current is the waker. Ask once, where the measurement begins, and remember
 * the answer with it: what was wanted when it began is counted when it ends, under the cgroup and
 * name that the thread has by then.
 */
#ifndef TALLY_TARGET_BPF_H
#define TALLY_TARGET_BPF_H

#include "cgroup.bpf.h"
#include "tree.bpf.h"
#include "types.bpf.h"

/* Each option has a set of wanted values; a thread must match all options that are given. The flags
 * are constants, so an unused set costs nothing. */
const volatile bool target_by_pid = false;
const volatile bool target_by_tid = false;
const volatile bool target_by_comm = false;

/* In a stream of events, tally would see the calls by which it writes that stream. It identifies
 * its process by reading an iterator once, since its pid may be another one in its own pid
 * namespace. */
const volatile bool target_leaves_tally_out = false;
__u32 tally_process SEC(".data.tally") = 0;

SEC("iter/task") TALLY_ENGINE(reader)
int tally_reader(struct bpf_iter__task* ctx) {
    tally_process = bpf_get_current_pid_tgid() >> 32;
    return 0;
}

#define TALLY_TARGET_SET(name, key_type)      \
    struct {                                  \
        __uint(type, BPF_MAP_TYPE_HASH);      \
        __uint(max_entries, 1024);            \
        __uint(map_flags, BPF_F_NO_PREALLOC); \
        __type(key, key_type);                \
        __type(value, __u8);                  \
    } name SEC(".maps") TALLY_ENGINE_MAP

TALLY_TARGET_SET(target_pids, __u32);
TALLY_TARGET_SET(target_tids, __u32);
TALLY_TARGET_SET(target_comms, comm);

static __always_inline bool target_includes(struct task_struct* task) {
    if (target_leaves_tally_out && (__u32)task_read(task, tgid) == tally_process)
        return false;
    if (target_by_tree && !tree_includes(task))
        return false;
    if (target_by_cgroup) {
        __u64 cgroup = cgroup_of(task);

        if (!bpf_map_lookup_elem(&target_cgroups, &cgroup))
            return false;
    }
    if (target_by_pid) {
        __u32 pid = task_read(task, tgid);

        if (!bpf_map_lookup_elem(&target_pids, &pid))
            return false;
    }
    if (target_by_tid) {
        __u32 tid = task_read(task, pid);

        if (!bpf_map_lookup_elem(&target_tids, &tid))
            return false;
    }
    if (target_by_comm) {
        comm name = {};

        bpf_probe_read_kernel_str(name, sizeof(name), task->comm);
        if (!bpf_map_lookup_elem(&target_comms, &name))
            return false;
    }
    return true;
}

/* As above, for an event whose thread is unknown, but whose cgroup is known. Any thread filter (-p,
 * -t, --comm, COMMAND) excludes it. */
static __always_inline bool target_includes_cgroup(__u64 cgroup) {
    if (target_by_tree || target_by_pid || target_by_tid || target_by_comm)
        return false;
    return !target_by_cgroup || bpf_map_lookup_elem(&target_cgroups, &cgroup);
}

#endif /* TALLY_TARGET_BPF_H */
