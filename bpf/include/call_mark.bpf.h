/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whether a thread may still be in what it had begun, for tracers that may not be told of its end:
 * the kernel can leave a return probe out.
 */
#ifndef TALLY_CALL_MARK_BPF_H
#define TALLY_CALL_MARK_BPF_H

#include "tally.bpf.h"

#define TALLY_MIX 0x9e3779b97f4a7c15ULL /* odd, so that nothing is lost by multiplying */

/* A number of 30 bits that stays the same as long as a thread is in one system call: from where it
 * was made, with which first argument, and the time the thread has spent outside of the kernel (by
 * ticks, so mostly the same in the next call too). */
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

/* For how long a thread has been in what it began at `*since`, or 0: it has left the call it was
 * in, and nobody told us of the end, which is a loss; then `*since` becomes `outside`. Of threads
 * of the kernel, which make no calls, that is not known, nor of one that makes the same call again.
 */
static __always_inline __u64 age_in_call(struct task_struct* task, __u64* since, __u32 mark,
                                         __u64 outside) {
    __u64 began = *since;
    __u64 now;

    if (!(task_read(task, flags) & TALLY_PF_KTHREAD) && call_mark_of(task) != mark) {
        /* Unless it has gone on at this very moment. */
        if (__sync_val_compare_and_swap(since, began, outside) == began)
            count_one(LOST_UNMATCHED_BEGIN);
        return 0;
    }
    now = clock_ns();
    return now > began ? now - began : 1;
}

#endif /* TALLY_CALL_MARK_BPF_H */
