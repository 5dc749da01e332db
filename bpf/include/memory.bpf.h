/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How much memory a process has and had. These are the kernel's own numbers; where it counts by CPU
 * (from 6.2 on), they leave out on each CPU up to 32 pages, or two for each CPU.
 */
#ifndef TALLY_MEMORY_BPF_H
#define TALLY_MEMORY_BPF_H

#include "tally.bpf.h"

#define TALLY_PAGE_SIZE 4096

/* The kinds of pages that are counted; the kernel's names are in include/linux/mm_types_task.h. */
#define FILE_PAGES 0
#define ANONYMOUS_PAGES 1
#define SHARED_PAGES 3

/* Before 6.2 (f1a7941243c1 "mm: convert mm's rss stats into percpu_counter"). */
struct mm_rss_stat___atomic {
    atomic_long_t count[4];
} __attribute__((preserve_access_index));
struct mm_struct___atomic {
    struct mm_rss_stat___atomic rss_stat;
} __attribute__((preserve_access_index));

/* Whether this kernel counts in one of the two ways that this file knows. */
static __always_inline bool resident_is_known(void) {
    return bpf_core_field_exists(((struct mm_struct___atomic*)0)->rss_stat.count) ||
           bpf_core_field_exists(((struct mm_struct*)0)->rss_stat[0].count);
}

/* How much memory of one of the kinds above is resident, in bytes; NO_BYTES: not known. */
static __always_inline __u64 resident_bytes(struct mm_struct* mm, int kind) {
    __s64 pages = 0;

    if (!resident_is_known())
        return NO_BYTES;
    if (bpf_core_field_exists(((struct mm_struct___atomic*)0)->rss_stat.count))
        bpf_core_read(&pages, sizeof(pages),
                      &((struct mm_struct___atomic*)mm)->rss_stat.count[kind]);
    else
        bpf_core_read(&pages, sizeof(pages), &mm->rss_stat[kind].count);
    return pages > 0 ? pages * TALLY_PAGE_SIZE : 0;
}

/* The most memory that was ever resident in a process, in bytes. `task` is its last thread, at
 * sched_process_exit. Since 6.16 (3e816361e94a) the memory still exists at that point. Before,
 * there is only the maximum that do_exit() has stored, as for getrusage(2): it includes what the
 * process had before it called execve, and so what its parent had at a vfork. */
static __always_inline __u64 peak_memory_of(struct task_struct* task) {
    struct mm_struct* mm = BPF_CORE_READ(task, mm);
    __u64 peak, now;

    if (!mm || !resident_is_known())
        return BPF_CORE_READ(task, signal, maxrss) * TALLY_PAGE_SIZE;
    /* The kernel updates the peak only when the memory shrinks. */
    peak = BPF_CORE_READ(mm, hiwater_rss) * TALLY_PAGE_SIZE;
    now = resident_bytes(mm, FILE_PAGES) + resident_bytes(mm, ANONYMOUS_PAGES) +
          resident_bytes(mm, SHARED_PAGES);
    return now > peak ? now : peak;
}

#endif /* TALLY_MEMORY_BPF_H */
