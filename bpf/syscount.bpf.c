// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// syscount: how many system calls return, how many of them fail, and how long they take in total.
#include "system_call_keys.bpf.h"

TRACER("System call counts, errors and total time");
OPTION(bool, errors_only, false, "only calls that fail");

struct call_counts {
    __u64 calls;
    __u64 errors;
    duration_ns total_ns;
};
COUNTS(calls, struct call_key, struct call_counts, "system calls that returned");

static __always_inline bool call_is_selected(syscall_nr number) {
    return syscall_is_selected(number);
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    struct call_key key = call_key_of(call->task, call->number, call->result);
    struct call_counts* counts;

    if (errors_only && !is_error(call->result))
        return;
    counts = counts_of(calls, key, call->place);
    if (!counts)
        return;
    count_up(&counts->calls, 1);
    if (is_error(call->result))
        count_up(&counts->errors, 1);
    if (call->duration != CALL_REFUSED)
        count_up(&counts->total_ns, call->duration);
}
