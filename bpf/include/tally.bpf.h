/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one include of a tracer. A BPF file declares everything about the tracer: what it is
 * (TRACER), its options (OPTION, SELECTION), what it measures (HISTOGRAM, COUNTS), what it
 * remembers about a thread (THREAD_STATE) and what has begun and not ended (IN_FLIGHT). tally reads
 * these declarations from the object's BTF, so there is no second list of them anywhere.
 * docs/new-tool.md shows how.
 */
#ifndef TALLY_BPF_H
#define TALLY_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cgroup.bpf.h"
#include "cgroup_events.bpf.h"
#include "compat.bpf.h"
#include "counts.bpf.h"
#include "declare.bpf.h"
#include "histogram.bpf.h"
#include "in_flight.bpf.h"
#include "key_string.bpf.h"
#include "loss.bpf.h"
#include "processes.bpf.h"
#include "selection.bpf.h"
#include "subject.bpf.h"
#include "target.bpf.h"
#include "thread_state.bpf.h"
#include "tree.bpf.h"
#include "types.bpf.h"

/* GPL by the dual licence of these files: the kernel lets only GPL programs read its memory. */
char _license[] SEC("license") = "Dual BSD/GPL";

/* The clock of all measurements, CLOCK_MONOTONIC in nanoseconds. Reading it costs 80 to 110 ns in a
 * handler: do it once for each event, and only if the event needs it. */
static __always_inline __u64 clock_ns(void) {
    return bpf_ktime_get_ns();
}

#endif /* TALLY_BPF_H */
