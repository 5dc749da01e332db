// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// syscount: how many system calls return, how many of them fail, and how long they take in all.
#include "system_call_keys.bpf.h"

TRACER("System call counts, errors and total time");
OPTION(bool, errors_only, false, "only calls that fail");

struct call_counts {
    __u64 calls;
    __u64 errors;
    duration_ns total_ns;
};
COUNTS(calls, struct call_key, struct call_counts, "system calls that returned");

static __always_inline void call_returned(const struct call_key* key, long result, __u64 duration,
                                          __u32* place) {
    struct call_counts* counts;

    if (errors_only && !is_error(result))
        return;
    counts = counts_of(calls, *key, place);
    if (!counts)
        return;
    count_up(&counts->calls, 1);
    if (is_error(result))
        count_up(&counts->errors, 1);
    if (duration != CALL_REFUSED)
        count_up(&counts->total_ns, duration);
}
