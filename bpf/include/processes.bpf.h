/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The cgroups and namespaces of processes, for naming containers that are recognized only by their
 * namespaces. Never called for a measured event: it costs a few hundred nanoseconds. Needs neither
 * /proc nor any privilege in the container's namespaces.
 */
#ifndef TALLY_PROCESSES_BPF_H
#define TALLY_PROCESSES_BPF_H

#include "cgroup.bpf.h"
#include "compat.bpf.h"
#include "wire.h"

#define TALLY_INITIAL_UTS_NAMESPACE 0xEFFFFFFE /* PROC_UTS_INIT_INO, include/linux/proc_ns.h */

/* Fills in all of *process, which is zero before, except for its cgroup. For a process in the
 * host's pid namespace only its pid matters. */
static __always_inline void describe_process(struct task_struct* task,
                                             struct tally_process* process) {
    struct pid* number = task->thread_pid;
    __u32 level = number->level;
    struct upid innermost;

    process->pid = task->tgid;
    /* The active namespace: pid_ns_for_children is already another one after unshare(2). */
    if (!level || bpf_core_read(&innermost, sizeof(innermost), &number->numbers[level]))
        return;
    process->pid_namespace = BPF_CORE_READ(innermost.ns, ns.inum);
    process->namespace_born = BPF_CORE_READ(innermost.ns, child_reaper, group_leader, start_time);
    if (innermost.nr == 1)
        process->parent_of_init = task->real_parent->tgid;
    if (task->nsproxy->uts_ns->ns.inum != TALLY_INITIAL_UTS_NAMESPACE)
        BPF_CORE_READ_STR_INTO(&process->node_name, task, nsproxy, uts_ns, name.nodename);
}

/* Writes one struct tally_process for each process, except for kernel threads and for those that
 * are exiting and have already dropped their namespaces (exit_task_namespaces()). */
SEC("iter/task") TALLY_ENGINE(processes)
int tally_processes(struct bpf_iter__task* ctx) {
    struct task_struct* task = ctx->task;
    struct tally_process process = {};

    if (!task || task->pid != task->tgid || (task->flags & TALLY_PF_KTHREAD) || !task->nsproxy)
        return 0;
    process.cgroup = cgroup_of(task);
    describe_process(task, &process);
    bpf_seq_write(ctx->meta->seq, &process, sizeof(process));
    return 0;
}

#endif /* TALLY_PROCESSES_BPF_H */
