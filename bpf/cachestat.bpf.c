// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// cachestat: pages of files that a thread requests, found in the page cache or read into it.
//
// A request is a read or a page fault. Requested pages that the thread itself adds to the cache
// before the request ends are misses; all other pages that it gets are hits. Only a read that
// returns less than was requested has too few hits: fewer by the pages that it added beyond what it
// returned.
#include "page_cache.bpf.h"
#include "pairing.bpf.h"
#include "probes.bpf.h"

TRACER("Page cache hits and misses");

struct cache_counts {
    __u64 hits;
    __u64 misses;
    __u64 added;    // to the cache: misses, pages read ahead, pages written
    __u64 dirtied;  // became different from the disk
};
COUNTS(pages, struct subject, struct cache_counts, "pages of 4 KiB, of files in the page cache");

struct ask {
    __u64 mapping;  // the file's struct address_space, or as in pairing.bpf.h
    __u64 first, last;
    __u64 missed;
};
struct asks {
    struct ask read;
    struct ask fault;  // may occur inside a read: its buffer can be a page of a file
    __u64 position;    // of the read, in bytes
    __s64 read_before;
    __u64 again_mapping;  // the next fault for this page repeats the last one; 0: it does not
    __u64 again_page;
    __u32 place;
    __u32 unused;
};
THREAD_STATE(asks, struct asks);

static __always_inline void count_pages(struct task_struct* task, struct asks* asks, __u64 hits,
                                        __u64 misses, __u64 added, __u64 dirtied) {
    struct cache_counts* counts;

    if (!(hits | misses | added | dirtied))
        return;
    counts = counts_of(pages, subject_of(task), asks ? &asks->place : NULL);
    if (!counts)
        return;
    if (hits)
        count_up(&counts->hits, hits);
    if (misses)
        count_up(&counts->misses, misses);
    if (added)
        count_up(&counts->added, added);
    if (dirtied)
        count_up(&counts->dirtied, dirtied);
}

static __always_inline struct asks* asks_of_current(void) {
    return started() ? pair_state(asks, bpf_get_current_task_btf()) : NULL;
}

static __always_inline void begin_ask(struct ask* ask, struct address_space* mapping, __u64 first,
                                      __u64 last) {
    pair_begin(&ask->mapping);
    if (mapping && target_includes(bpf_get_current_task_btf()))
        ask->mapping = (__u64)mapping;
    ask->first = first;
    ask->last = last;
    ask->missed = 0;
}

static __always_inline void begin_read(struct file* file, __u64 position, __u64 size,
                                       __s64 read_before) {
    struct asks* asks = asks_of_current();

    if (!asks)
        return;
    begin_ask(&asks->read, size ? BPF_CORE_READ(file, f_mapping) : NULL,
              position >> TALLY_PAGE_SHIFT, (position + size - 1) >> TALLY_PAGE_SHIFT);
    asks->position = position;
    asks->read_before = read_before;
}

static __always_inline void end_read(__s64 result) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct asks* asks = started() ? pair_state(asks, task) : NULL;
    __u64 got = 0, missed;

    if (!asks || !pair_end(&asks->read.mapping, task))
        return;
    missed = asks->read.missed;
    if (result > asks->read_before)
        got = ((asks->position + (result - asks->read_before) - 1) >> TALLY_PAGE_SHIFT) -
              asks->read.first + 1;
    count_pages(task, asks, got > missed ? got - missed : 0, missed, 0, 0);
}

// All parameters are declared as pointers, numbers too. `read_before` is how many bytes the call
// has already read without the cache.
FUNCTION_ENTRY(read, 1, filemap_read, read_begins, struct kiocb* iocb, struct iov_iter* to,
               void* read_before) {
    begin_read(BPF_CORE_READ(iocb, ki_filp), BPF_CORE_READ(iocb, ki_pos), BPF_CORE_READ(to, count),
               (__s64)read_before);
    return 0;
}

FUNCTION_RETURN(read, 1, filemap_read, read_ended) {
    end_read(result);
    return 0;
}

// On kernels where splice and sendfile have a function of their own for reading pages.
FUNCTION_ENTRY(splice, 1, filemap_splice_read, splice_begins, struct file* file, __s64* position,
               struct pipe_inode_info* pipe, void* size) {
    __s64 at = 0;

    bpf_probe_read_kernel(&at, sizeof(at), position);
    begin_read(file, at, (__u64)size, 0);
    return 0;
}

FUNCTION_RETURN(splice, 1, filemap_splice_read, splice_ended) {
    end_read(result);
    return 0;
}

// Before 6.3, they too read by filemap_read().
FUNCTION_ENTRY(splice, 2, generic_file_splice_read, splice_reads) {
    return 0;
}

static __always_inline void begin_fault(struct vm_fault* fault) {
    struct asks* asks = asks_of_current();
    struct address_space* mapping;
    __u64 page;

    if (!asks)
        return;
    mapping = BPF_CORE_READ(fault, vma, vm_file, f_mapping);
    page = BPF_CORE_READ(fault, pgoff);
    begin_ask(&asks->fault, is_in_memory_only(mapping) ? NULL : mapping, page, page);
}

// Counts the touched page. A fault that waited for the disk is repeated, and then finds its page.
static __always_inline void end_fault(bool is_answered, bool is_to_be_made_again) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct asks* asks = started() ? pair_state(asks, task) : NULL;
    bool is_again, missed;
    __u64 mapping;

    if (!asks)
        return;
    mapping = pair_end(&asks->fault.mapping, task);
    if (!mapping)
        return;
    missed = asks->fault.missed;
    is_again = asks->again_mapping == mapping && asks->again_page == asks->fault.first;
    if (missed || is_answered) {
        asks->again_mapping = missed && is_to_be_made_again ? mapping : 0;
        asks->again_page = asks->fault.first;
    }
    count_pages(task, asks, !missed && is_answered && !is_again, missed, 0, 0);
}

FUNCTION_ENTRY(fault, 1, filemap_fault, fault_begins, struct vm_fault* fault) {
    begin_fault(fault);
    return 0;
}

FUNCTION_RETURN(fault, 1, filemap_fault, fault_ended) {
    end_fault(!(result & (TALLY_FAULT_ERROR | TALLY_FAULT_RETRY)), result & TALLY_FAULT_RETRY);
    return 0;
}

// Called first: maps the page, and others around it, if they are in the cache.
FUNCTION_ENTRY(fault, 1, filemap_map_pages, map_begins, struct vm_fault* fault) {
    begin_fault(fault);
    return 0;
}

FUNCTION_RETURN(fault, 1, filemap_map_pages, map_ended) {
    end_fault(result & TALLY_FAULT_NOPAGE, false);
    return 0;
}

static __always_inline bool note_missed(struct ask* ask, __u64 mapping, __u64 first, __u64 last) {
    if (ask->mapping != mapping)
        return false;
    if (first < ask->first)
        first = ask->first;
    if (last > ask->last)
        last = ask->last;
    if (first <= last)
        ask->missed += last - first + 1;
    return true;
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(page_added, struct folio* folio) {
    struct asks* asks = asks_of_current();
    __u64 mapping, first, count;

    if (!asks || !target_includes(bpf_get_current_task_btf()))
        return 0;
    mapping = (__u64)folio->mapping;
    first = folio->index;
    count = folio_pages(folio);
    if (!note_missed(&asks->fault, mapping, first, first + count - 1))
        note_missed(&asks->read, mapping, first, first + count - 1);
    count_pages(bpf_get_current_task_btf(), asks, 0, 0, count, 0);
    return 0;
}

SEC("tp_btf/writeback_dirty_folio")
int BPF_PROG(page_dirtied, struct folio* folio) {
    struct asks* asks = asks_of_current();

    if (asks && target_includes(bpf_get_current_task_btf()))
        count_pages(bpf_get_current_task_btf(), asks, 0, 0, 0, folio_pages(folio));
    return 0;
}
