/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whether a thread may still be in an operation that it began, for tracers that may miss its end:
 * the kernel can leave out a return probe.
 */
#ifndef TALLY_CALL_MARK_BPF_H
#define TALLY_CALL_MARK_BPF_H

#include "pairing.bpf.h"

#define TALLY_MIX 0x9e3779b97f4a7c15ULL /* odd, so that multiplication loses no bits */

/* A number of 30 bits that stays the same while a thread is in one system call. It is computed from
 * the call's number, instruction and stack pointer, and first argument, and from the thread's time
 * in user space (counted in ticks, so mostly the same in the next call too). */
static __always_inline __u32 call_mark_of(struct task_struct* task) {
    struct pt_regs* regs = task_registers(task);
    __u64 mark = task_read(task, utime);

    if (!regs)
        return 0;
    mark = mark * TALLY_MIX + regs->ip;
    mark = mark * TALLY_MIX + regs->sp;
    mark = mark * TALLY_MIX + regs->di;
    mark = mark * TALLY_MIX + regs->orig_ax;
    return mark * TALLY_MIX >> 34;
}

/* For how long, in nanoseconds, a thread has been in the operation that it began at `*since`; 0 if
 * it has left the system call in which that began, so that the end was not seen. This is counted,
 * and closes the pair. A kernel thread, which makes no calls, and a thread that makes the same call
 * again are assumed to be still in the operation. The caller has checked that the pair is open. */
static __always_inline __u64 age_in_call(struct task_struct* task, __u64* since, __u32 mark) {
    __u64 began = *since;
    __u64 now;

    if (!(task_read(task, flags) & TALLY_PF_KTHREAD) && call_mark_of(task) != mark) {
        /* Unless the thread has changed it at this very moment. */
        if (__sync_val_compare_and_swap(since, began, PAIR_OUTSIDE) == began)
            count_one(LOST_UNMATCHED_BEGIN);
        return 0;
    }
    now = clock_ns();
    return now > began ? now - began : 1;
}

#endif /* TALLY_CALL_MARK_BPF_H */
