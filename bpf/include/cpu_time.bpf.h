/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The CPU time that a process or thread has used by the time it exits.
 */
#ifndef TALLY_CPU_TIME_BPF_H
#define TALLY_CPU_TIME_BPF_H

#include "tally.bpf.h"

/* How far clock_ns() is ahead of the scheduler's clock, and when that was measured. When a new
 * thread is woken, the scheduler has just read its clock (wake_up_new_task()). */
__u64 scheduler_behind = 0;
__u64 scheduler_read_at = 0;

SEC("tp_btf/sched_wakeup_new")
int tally_scheduler_clock(__u64* arguments) {
    struct task_struct* task = (struct task_struct*)arguments[0];
    __u64 now = clock_ns();

    if (!bpf_core_field_exists(task->se.cfs_rq)) /* without CONFIG_FAIR_GROUP_SCHED */
        return 0;
    scheduler_behind = now - task->se.cfs_rq->rq->clock;
    scheduler_read_at = now;
    return 0;
}

/* The two clocks may drift apart by 0.05 %, so a difference measured longer ago than this (1 s) is
 * not used. */
#define TALLY_MOST_DRIFTING 1000000000

/* The CPU time that the thread running on this CPU has used since the kernel last added it up, at
 * most a tick ago (1 to 10 ms). It includes the time of interrupts since then, which the kernel may
 * know more exactly. 0 if it is not known, as no thread was created in the last second. */
static __always_inline __u64 not_added_up(struct task_struct* running, __u64 now) {
    struct rq* cpu;
    __u64 since;

    if (!bpf_core_field_exists(running->se.cfs_rq))
        return 0;
    cpu = running->se.cfs_rq->rq;
    since = running->se.exec_start + (cpu->clock - cpu->clock_task) + scheduler_behind;
    if (now - scheduler_read_at > TALLY_MOST_DRIFTING || now <= since ||
        now - since > TALLY_MOST_DRIFTING)
        return 0;
    return now - since;
}

/* All in nanoseconds. */
struct cpu_time {
    __u64 run;  /* from the scheduler: exact */
    __u64 user; /* mostly from the tick: only the ratio of these two is used */
    __u64 system;
};

static __always_inline void add_thread(struct cpu_time* time, struct task_struct* task) {
    time->run += BPF_CORE_READ(task, se.sum_exec_runtime);
    time->user += BPF_CORE_READ(task, utime);
    time->system += BPF_CORE_READ(task, stime);
}

/* At most this many threads that are not reaped yet, the first one included, are added up. */
#define TALLY_MOST_THREADS 256

/* Adds the threads that were reaped, and the others: as thread_group_cputime() of
 * kernel/sched/cputime.c does, but without its lock. A thread that is being reaped at this moment
 * may be missing. */
static __always_inline void add_process(struct cpu_time* time, struct signal_struct* signal) {
    struct list_head* end = &signal->thread_head;
    struct list_head* each = signal->thread_head.next;
    int i;

    time->run += signal->sum_sched_runtime;
    time->user += signal->utime;
    time->system += signal->stime;
    for (i = 0; i < TALLY_MOST_THREADS && each && each != end; i++) {
        add_thread(time, (void*)each - bpf_core_field_offset(struct task_struct, thread_node));
        each = BPF_CORE_READ(each, next);
    }
}

/* How much of the time was spent in the kernel, computed as for getrusage(2): cputime_adjust(). */
static __always_inline __u64 system_part(struct cpu_time time) {
    __u64 all = time.user + time.system;
    int i;

    if (!time.system)
        return 0;
    if (!time.user)
        return time.run;
    for (i = 0; i < 34 && all >> 30; i++) {
        all >>= 1;
        time.system >>= 1;
    }
    return time.run / all * time.system + time.run % all * time.system / all;
}

#endif /* TALLY_CPU_TIME_BPF_H */
