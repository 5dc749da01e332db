/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The page cache, as its tracepoints and functions (mm/filemap.c) show it.
 */
#ifndef TALLY_PAGE_CACHE_BPF_H
#define TALLY_PAGE_CACHE_BPF_H

#include "tally.bpf.h"

#define TALLY_PAGE_SHIFT 12
#define TALLY_TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */

/* Results of a page fault: include/linux/mm_types.h, enum vm_fault_reason. */
#define TALLY_FAULT_ERROR (0x1 | 0x2 | 0x10 | 0x20 | 0x40 | 0x800)
#define TALLY_FAULT_NOPAGE 0x100
#define TALLY_FAULT_RETRY 0x400

/* Called _folio_nr_pages until 6.14. */
struct folio___with_nr_pages {
    unsigned int _nr_pages;
} __attribute__((preserve_access_index));

/* How many pages of 4 KiB a folio has. Its flags are its first word: an unsigned long, or since
 * 6.18 a struct of one. */
static __always_inline __u64 folio_pages(struct folio* folio) {
    unsigned long flags = 0;

    bpf_probe_read_kernel(&flags, sizeof(flags), folio);
    if (!(flags & 1UL << bpf_core_enum_value(enum pageflags, PG_head)))
        return 1;
    if (bpf_core_field_exists(((struct folio___with_nr_pages*)0)->_nr_pages))
        return BPF_CORE_READ((struct folio___with_nr_pages*)folio, _nr_pages);
    return BPF_CORE_READ(folio, _folio_nr_pages);
}

/* Whether a file's pages exist only in the page cache (tmpfs). */
static __always_inline bool is_in_memory_only(struct address_space* mapping) {
    return BPF_CORE_READ(mapping, host, i_sb, s_magic) == TALLY_TMPFS_MAGIC;
}

#endif /* TALLY_PAGE_CACHE_BPF_H */
