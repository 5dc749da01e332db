/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Differences between kernels, one function each. The running kernel's BTF decides, never its
 * version: distributions backport changes.
 */
#ifndef TALLY_COMPAT_BPF_H
#define TALLY_COMPAT_BPF_H

#include "wire.h"

#define TALLY_PF_KTHREAD 0x00200000 /* PF_KTHREAD, include/linux/sched.h: a macro is not in BTF */

/* Whether task pointers are BTF-typed, so that fields can be read directly. A bare address can only
 * be read through a helper, 10 to 20 ns each time: before 5.11 the current task is one
 * (3ca1032ab7ab "bpf: Implement get_current_task_btf and RET_PTR_TO_BTF_ID"). An object can define
 * this before it includes anything: true if no handler uses the current task, false if all tasks
 * are only addresses. */
#ifndef TALLY_TASKS_ARE_TYPED
#define TALLY_TASKS_ARE_TYPED \
    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)
#endif

/* task_read(task, cgroups, dfl_cgrp, kn, id) is task->cgroups->dfl_cgrp->kn->id, even if only the
 * address of the task is known. */
#define task_read(task, ...) \
    (TALLY_TASKS_ARE_TYPED ? ___arrow(task, __VA_ARGS__) : BPF_CORE_READ(task, __VA_ARGS__))

/* The current task, for task_read(). */
static __always_inline struct task_struct* current_task(void) {
    if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
        return bpf_get_current_task_btf();
    return (struct task_struct*)bpf_get_current_task();
}

/* task_struct.state became __state in 5.14 (2f064a59a11f "sched: Change task_struct::state"). */
struct task_struct___with_state {
    volatile long state;
} __attribute__((preserve_access_index));

/* TASK_RUNNING is 0. The field agrees with sched_switch's prev_state argument, which 5.10 lacks. */
static __always_inline long task_state(struct task_struct* task) {
    if (bpf_core_field_exists(task->__state))
        return task->__state;
    return ((struct task_struct___with_state*)task)->state;
}

/* Whether a thread is stopped, traced or frozen: on its way out of the kernel, not in a call.
 * __TASK_STOPPED, __TASK_TRACED, and since 6.1 TASK_FROZEN (f5d39b020809 "freezer,sched: Rewrite
 * core freezer logic"; the bit meant nothing before). */
static __always_inline bool task_is_halted(struct task_struct* task) {
    return task_state(task) & (0x4 | 0x8 | 0x8000);
}

/* Whether a thread is on a CPU at this moment. A byte is enough: on_cpu is 0 or 1, an int, and in
 * 7.3 a byte itself (6.18 has an int). The field exists on SMP kernels only; with one CPU, the
 * thread on it is the current one. */
static __always_inline bool task_on_cpu(struct task_struct* task) {
    unsigned long offset = bpf_core_field_offset(task->on_cpu);

    if (!bpf_core_field_exists(task->on_cpu))
        return (__u64)task == bpf_get_current_task();
    barrier_var(offset); /* otherwise the compiler makes it a load of four bytes */
    return *((unsigned char*)task + offset);
}

/* Since 6.16 sched_process_exit says whether the process ends with its thread (3e816361e94a
 * "sched/tracepoints: Move and extend the sched_process_exit() tracepoint"). */
struct trace_event_raw_sched_process_exit___with_group_dead {
    bool group_dead;
} __attribute__((preserve_access_index));

static __always_inline bool exit_tells_group_dead(void) {
    return bpf_core_field_exists(
        ((struct trace_event_raw_sched_process_exit___with_group_dead*)0)->group_dead);
}

/* Whether a process ends with the thread that sched_process_exit reports; `arguments` are those of
 * the tracepoint. Where they do not include it, two threads that end at the same moment may both
 * seem to be the last. */
static __always_inline bool is_last_thread(__u64* arguments, struct task_struct* task) {
    if (exit_tells_group_dead())
        return arguments[1] & 0xff;
    return task->signal->live.counter == 0;
}

/* Since 6.19 task storage comes from kmalloc_nolock() (f484f4a3e058), which replaced the
 * allocators. */
struct bpf_local_storage_map___without_allocators {
    bool use_kmalloc_nolock;
} __attribute__((preserve_access_index));

/* Whether task storage is allocated from a reserve that is safe in any context: 6.4 (08a7ce384e33
 * "bpf: Use bpf_mem_cache_alloc/free in bpf_local_storage_elem"). */
static __always_inline bool storage_allocates_safely(void) {
    return bpf_core_field_exists(((struct bpf_local_storage_map*)0)->selem_ma) ||
           bpf_core_field_exists(
               ((struct bpf_local_storage_map___without_allocators*)0)->use_kmalloc_nolock);
}

/* The registers with which a thread entered the kernel; NULL before 5.15 (dd6e10fbd9fb "bpf: Add
 * bpf_task_pt_regs() helper"). */
static __always_inline struct pt_regs* task_registers(struct task_struct* task) {
    if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
        return (struct pt_regs*)bpf_task_pt_regs(task);
    return NULL;
}

/* The system call of a number. A call through the 32-bit entry has a number of another table; the
 * thread is marked while it is in the kernel (TS_COMPAT, arch/x86/include/asm/thread_info.h). */
static __always_inline __u32 system_call_number(struct task_struct* task, long number) {
    if ((__u32)number >= TALLY_SYSCALL_UNKNOWN)
        return TALLY_SYSCALL_UNKNOWN;
    return (__u32)number | (task_read(task, thread_info.status) & 2 ? TALLY_SYSCALL_32 : 0);
}

/* The call that a thread is in, while it has a CPU or is about to get one, by the registers with
 * which it entered the kernel. Kernel threads are in none, nor is a thread in an interrupt of its
 * program, nor are workers of io_uring, which have a copy of their creator's registers, without a
 * stack (copy_thread() of arch/x86/kernel/process.c). */
static __always_inline __u32 call_in_progress(struct task_struct* task) {
    struct pt_regs* regs = task_registers(task);

    if ((task_read(task, flags) & TALLY_PF_KTHREAD) || !regs || (int)regs->orig_ax < 0 || !regs->sp)
        return TALLY_SYSCALL_UNKNOWN;
    return system_call_number(task, regs->orig_ax);
}

/* Whether a number is that of execve or execveat, of either table. */
static __always_inline bool is_exec(__u32 number) {
    return number == 59 || number == 322 || number == (11 | TALLY_SYSCALL_32) ||
           number == (358 | TALLY_SYSCALL_32);
}

/* Of these, only execveat: its first argument is the descriptor of a directory. */
static __always_inline bool exec_has_directory(__u32 number) {
    return number == 322 || number == (358 | TALLY_SYSCALL_32);
}

/* Which of the calls that open a file a number is. */
enum open_call { NOT_OPEN, PLAIN_OPEN, CREAT, OPENAT, OPENAT2 };

static __always_inline enum open_call open_call_of(__u32 number) {
    switch (number) {
        case 2:
        case 5 | TALLY_SYSCALL_32:
            return PLAIN_OPEN;
        case 85:
        case 8 | TALLY_SYSCALL_32:
            return CREAT;
        case 257:
        case 295 | TALLY_SYSCALL_32:
            return OPENAT;
        case 437:
        case 437 | TALLY_SYSCALL_32:
            return OPENAT2;
    }
    return NOT_OPEN;
}

/* Which of the calls that look up a file by its path a number is: the path is the first argument,
 * or the second, after the descriptor of a directory. */
enum stat_call { NOT_STAT, STAT, STAT_AT };

static __always_inline enum stat_call stat_call_of(__u32 number) {
    switch (number) {
        case 4:   /* stat */
        case 6:   /* lstat */
        case 21:  /* access */
        case 137: /* statfs */
        case 18 | TALLY_SYSCALL_32:
        case 33 | TALLY_SYSCALL_32:
        case 84 | TALLY_SYSCALL_32:
        case 99 | TALLY_SYSCALL_32:
        case 106 | TALLY_SYSCALL_32:
        case 107 | TALLY_SYSCALL_32:
        case 195 | TALLY_SYSCALL_32:
        case 196 | TALLY_SYSCALL_32:
        case 268 | TALLY_SYSCALL_32:
            return STAT;
        case 262: /* newfstatat */
        case 269: /* faccessat */
        case 332: /* statx */
        case 439: /* faccessat2 */
        case 300 | TALLY_SYSCALL_32:
        case 307 | TALLY_SYSCALL_32:
        case 383 | TALLY_SYSCALL_32:
        case 439 | TALLY_SYSCALL_32:
            return STAT_AT;
    }
    return NOT_STAT;
}

/* Which of the calls that make mounts and namespaces a number is. Those since 5.2 have the same
 * number in both tables. */
enum mount_call {
    NOT_MOUNT,
    MOUNT,
    UMOUNT,
    UMOUNT2,
    PIVOT_ROOT,
    MOVE_MOUNT,
    FSOPEN,
    FSCONFIG,
    FSMOUNT,
    FSPICK,
    OPEN_TREE,
    MOUNT_SETATTR,
    SETNS,
    UNSHARE,
    CLONE,
    CLONE3,
};

static __always_inline enum mount_call mount_call_of(__u32 number) {
    switch (number) {
        case 165:
        case 21 | TALLY_SYSCALL_32:
            return MOUNT;
        case 22 | TALLY_SYSCALL_32:
            return UMOUNT;
        case 166:
        case 52 | TALLY_SYSCALL_32:
            return UMOUNT2;
        case 155:
        case 217 | TALLY_SYSCALL_32:
            return PIVOT_ROOT;
        case 308:
        case 346 | TALLY_SYSCALL_32:
            return SETNS;
        case 272:
        case 310 | TALLY_SYSCALL_32:
            return UNSHARE;
        case 56:
        case 120 | TALLY_SYSCALL_32:
            return CLONE;
    }
    switch (number & ~TALLY_SYSCALL_32) {
        case 428:
            return OPEN_TREE;
        case 429:
            return MOVE_MOUNT;
        case 430:
            return FSOPEN;
        case 431:
            return FSCONFIG;
        case 432:
            return FSMOUNT;
        case 433:
            return FSPICK;
        case 435:
            return CLONE3;
        case 442:
            return MOUNT_SETATTR;
    }
    return NOT_MOUNT;
}

/* Argument `index` (a literal, 0 to 5) of the call `number`, from the registers at its entry; they
 * keep it until the return (arch/x86/include/asm/syscall.h). */
static __always_inline __u64 call_argument(__u32 number, struct pt_regs* regs, int index) {
    if (number & TALLY_SYSCALL_32)
        return (__u32)(index == 0   ? regs->bx
                       : index == 1 ? regs->cx
                       : index == 2 ? regs->dx
                       : index == 3 ? regs->si
                       : index == 4 ? regs->di
                                    : regs->bp);
    return index == 0   ? regs->di
           : index == 1 ? regs->si
           : index == 2 ? regs->dx
           : index == 3 ? regs->r10
           : index == 4 ? regs->r8
                        : regs->r9;
}

/* Before 5.15, a word that is a pointer unless one of its low bits is set (8520e224f547 "bpf,
 * cgroups: Fix cgroup v2 fallback on v1/v2 mixed mode"). */
struct sock_cgroup_data___with_bits {
    __u64 val;
} __attribute__((preserve_access_index));

/* The version 2 cgroup in which a socket was created; 1, the root's, where it is not known. */
static __always_inline __u64 socket_cgroup_id(const struct sock* sk) {
    struct cgroup* cgroup = NULL;

    if (!bpf_core_field_exists(sk->sk_cgrp_data))
        return 1;
    if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
        cgroup = BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
    } else {
        __u64 word =
            BPF_CORE_READ((const struct sock_cgroup_data___with_bits*)&sk->sk_cgrp_data, val);

        if (!(word & 3))
            cgroup = (struct cgroup*)word;
    }
    return cgroup ? BPF_CORE_READ(cgroup, kn, id) : 1;
}

/* Since 6.17 tcp_retransmit_skb has an error as its third argument (ad892e912b84 "tcp: trace
 * retransmit failures in tcp_retransmit_skb"); before, it reported only segments that were sent. */
struct trace_event_raw_tcp_retransmit_skb___with_error {
    int err;
} __attribute__((preserve_access_index));

/* An errno_nr. A segment dropped by a queue has a positive number there: ENOBUFS, as elsewhere
 * (net_xmit_errno()). */
static __always_inline __u32 retransmit_error(const unsigned long long* arguments) {
    int error = 0;

    if (bpf_core_field_exists(((struct trace_event_raw_tcp_retransmit_skb___with_error*)0)->err))
        error = arguments[2];
    return error > 0 ? 105 : -error;
}

/* bpf_probe_read_user_str(), but it returns 1 for an empty string, which is its NUL, as for any
 * other: before 6.16 the helper returns 0 ("maccess: fix strncpy_from_user_nofault() empty string
 * handling"). Negative: the string cannot be read. */
static __always_inline long read_user_string(void* to, __u32 size, const void* from) {
    long length = bpf_probe_read_user_str(to, size, from);

    return length ? length : 1;
}

/* The entry of a thread number in the host's pid namespace, an IDR (a radix tree; lib/radix-tree.c,
 * include/linux/xarray.h): NULL if there is none. */
static __always_inline struct pid* tally_pid_of(__u32 number) {
    struct task_struct* current = (struct task_struct*)bpf_get_current_task();
    struct pid_namespace* host = BPF_CORE_READ(current, thread_pid, numbers[0].ns);
    __u64 entry = (__u64)BPF_CORE_READ(host, idr.idr_rt.xa_head);
    int i;

    /* At most 22 bits, six for each node. Bit 1 marks a node. */
    for (i = 0; i < 4 && (entry & 3) == 2; i++) {
        struct xa_node* node = (struct xa_node*)(entry & ~3ULL);
        __u32 shift = BPF_CORE_READ(node, shift);
        void* slot = NULL;

        if (!i && number >> shift >= 64)
            return NULL;
        bpf_core_read(&slot, sizeof(slot), &node->slots[number >> (shift & 31) & 63]);
        entry = (__u64)slot;
    }
    return (entry & 3) ? NULL : (struct pid*)entry;
}

/* The thread with a number in the host's pid namespace, for task_read(); NULL: there is none. Only
 * for a thread that cannot exit meanwhile: bpf_task_from_pid(), since 6.2, would take a reference
 * (3f0e6f2b41d3). */
static __always_inline struct task_struct* task_of_number(__u32 number) {
    struct pid* pid = tally_pid_of(number);
    struct hlist_node* node = pid ? BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first) : NULL;

    if (!node)
        return NULL;
    return (void*)node - bpf_core_field_offset(struct task_struct, pid_links[PIDTYPE_PID]);
}

#endif /* TALLY_COMPAT_BPF_H */
