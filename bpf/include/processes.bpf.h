/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where every process is, for naming containers that only their namespaces betray: read by user
 * space when it makes a report, never for an event. Needs neither /proc nor any right in the
 * container's namespaces.
 */
#ifndef TALLY_PROCESSES_BPF_H
#define TALLY_PROCESSES_BPF_H

#include "cgroup.bpf.h"
#include "compat.bpf.h"
#include "wire.h"

#define TALLY_INITIAL_UTS_NAMESPACE 0xEFFFFFFE /* PROC_UTS_INIT_INO, include/linux/proc_ns.h */

/* One struct tally_process for each process. */
SEC("iter/task")
int tally_processes(struct bpf_iter__task* ctx) {
    struct task_struct* task = ctx->task;
    struct tally_process process = {};
    struct pid* number;
    struct upid innermost;
    __u32 level;

    if (!task || task->pid != task->tgid || (task->flags & TALLY_PF_KTHREAD))
        return 0;
    process.cgroup = cgroup_of(task);
    process.pid = task->tgid;
    number = BPF_CORE_READ(task, thread_pid);
    level = BPF_CORE_READ(number, level);
    /* The active namespace: pid_ns_for_children is already another one after unshare(2). */
    if (level > 0 && !bpf_core_read(&innermost, sizeof(innermost), &number->numbers[level]))
        process.pid_namespace = BPF_CORE_READ(innermost.ns, ns.inum);
    if (BPF_CORE_READ(task, nsproxy, uts_ns, ns.inum) != TALLY_INITIAL_UTS_NAMESPACE)
        BPF_CORE_READ_STR_INTO(&process.node_name, task, nsproxy, uts_ns, name.nodename);
    bpf_seq_write(ctx->meta->seq, &process, sizeof(process));
    return 0;
}

#endif /* TALLY_PROCESSES_BPF_H */
