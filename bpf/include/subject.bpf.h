/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whom a value is charged to: the first part of every key.
 */
#ifndef TALLY_SUBJECT_BPF_H
#define TALLY_SUBJECT_BPF_H

#include "cgroup.bpf.h"
#include "compat.bpf.h"
#include "types.bpf.h"

/* Only the fields that --by needs are filled in, so that a key stands for a row and not for every
 * thread. */
struct subject {
    cgroup_id cgroup;
    pid_nr pid;
    tid_nr tid;
    comm comm;
};

const volatile bool by_cgroup = true;
const volatile bool by_pid = false;
const volatile bool by_tid = false;
const volatile bool by_comm = false;

#define TALLY_ROOT_CGROUP 1    /* inode of the root directory of every hierarchy */
#define TALLY_KERNEL_THREADS 0 /* no cgroup has this id */

/* On hosts without systemd, programs share the root cgroup with the kernel's threads; these are
 * distinguished here because their cgroup does not do it. */
static __always_inline __u64 charged_cgroup(struct task_struct* task) {
    __u64 id = cgroup_of(task);

    if (id == TALLY_ROOT_CGROUP && (task_read(task, flags) & TALLY_PF_KTHREAD))
        return TALLY_KERNEL_THREADS;
    return id;
}

static __always_inline struct subject subject_of(struct task_struct* task) {
    struct subject subject = {};

    if (by_cgroup)
        subject.cgroup = charged_cgroup(task);
    if (by_pid)
        subject.pid = task_read(task, tgid);
    if (by_tid)
        subject.tid = task_read(task, pid);
    if (by_comm)
        bpf_probe_read_kernel_str(subject.comm, sizeof(subject.comm), task->comm);
    return subject;
}

#endif /* TALLY_SUBJECT_BPF_H */
