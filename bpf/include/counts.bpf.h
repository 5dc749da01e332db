/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sums by key: a number, an amount, a total time.
 */
#ifndef TALLY_COUNTS_BPF_H
#define TALLY_COUNTS_BPF_H

#include "slots.bpf.h"

/*
 * COUNTS(calls, struct call_key, struct call_counts, "system calls that returned"):
 * counts_of(calls, key, &place) is the struct call_counts of that key, or NULL (the loss is
 * counted); add to its fields with count_up(). They are 64 bits wide. Each is a column; its type is
 * the unit (duration_ns, bytes, or any other for a plain number). Rows are ordered by the first
 * one. Key and `place` are those of HISTOGRAM.
 */
#define COUNTS(name, key_type, counts_type, help)                            \
    _Static_assert(sizeof(counts_type) % 8 == 0, "counts are 64 bits wide"); \
    TALLY_SLOTS(name, key_type, counts_type, "counts:" help, (void)0)

#define counts_of(name, key, place) tally_##name##_content_of(key, place)

static __always_inline void count_up(__u64* field, __u64 by) {
    __sync_fetch_and_add(field, by);
}

#endif /* TALLY_COUNTS_BPF_H */
