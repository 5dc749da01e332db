/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The process tree of a command that tally starts: the command from its exec on, and every thread
 * and process that a member of the tree creates, whatever its parent is later and whatever pid
 * namespace it is in. Without a command none of this is loaded (Tracer::load).
 */
#ifndef TALLY_TREE_BPF_H
#define TALLY_TREE_BPF_H

#include "loss.bpf.h"

const volatile bool target_by_tree = false;

/* The threads of the tree, by the address of their task_struct: a thread keeps it for life, even
 * when it calls execve and so takes over the number of its process's first thread, and no other
 * thread has it before sched_process_free. Numbers have neither property: one is free for the next
 * process while the thread that had it still runs the last lines of do_exit().
 *
 * The value is the number of the thread's process, which never changes. It guards against the entry
 * of a dead thread that was not removed (bpf_map_delete_elem() may fail with EBUSY, or the kernel
 * may not run the program): a later thread at the same address belongs to another process. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u64);
    __type(value, __u32);
} target_tree SEC(".maps") TALLY_ENGINE_MAP;

#define TALLY_BEFORE_EXEC 0 /* no process has this number */

static __always_inline bool tree_has(__u64 address, __u32 pid) {
    __u32* process = bpf_map_lookup_elem(&target_tree, &address);

    return process && *process == pid;
}

static __always_inline bool tree_includes(struct task_struct* task) {
    return tree_has((__u64)task, task_read(task, tgid));
}

/* The process that is to become the command reads this iterator once: so it is known by its
 * address, whatever its pid is in whichever pid namespace. */
SEC("iter/task") TALLY_ENGINE(tree)
int tally_tree_root(struct bpf_iter__task* ctx) {
    __u64 address = bpf_get_current_task();
    __u32 process = TALLY_BEFORE_EXEC;

    /* Called for each thread of the machine; once is enough. */
    if (!bpf_map_lookup_elem(&target_tree, &address) &&
        bpf_map_update_elem(&target_tree, &address, &process, BPF_ANY))
        count_one_of_engine(LOST_TARGET_FULL);
    return 0;
}

/* After the last point of no return of a successful exec (exec_binprm()), in the new program's only
 * thread. What the thread did before was tally's. */
SEC("tp_btf/sched_process_exec") TALLY_ENGINE(tree)
int BPF_PROG(tally_tree_exec, struct task_struct* task) {
    __u64 address = (__u64)task;
    __u32* process = bpf_map_lookup_elem(&target_tree, &address);

    if (process && *process == TALLY_BEFORE_EXEC)
        *process = task->tgid;
    return 0;
}

/* At the end of copy_process(), for every kind of clone and for kernel threads of a process
 * (io_uring, vhost): before the new thread is woken for the first time. */
SEC("tp_btf/task_newtask") TALLY_ENGINE(tree)
int BPF_PROG(tally_tree_newtask, struct task_struct* task) {
    __u64 address = (__u64)task;
    __u32 process = task->tgid;

    if (tree_has(bpf_get_current_task(), bpf_get_current_pid_tgid() >> 32) &&
        bpf_map_update_elem(&target_tree, &address, &process, BPF_ANY))
        count_one_of_engine(LOST_TARGET_FULL);
    return 0;
}

/* When a thread was reaped, has left its CPU for the last time, and an RCU grace period has passed
 * (delayed_put_task_struct(), since 5.4: 3fbd7ee285b2 "tasks: Add a count of task RCU users"). */
SEC("tp_btf/sched_process_free") TALLY_ENGINE(tree)
int BPF_PROG(tally_tree_free, struct task_struct* task) {
    __u64 address = (__u64)task;

    bpf_map_delete_elem(&target_tree, &address);
    return 0;
}

#endif /* TALLY_TREE_BPF_H */
