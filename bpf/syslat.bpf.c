// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// syslat: from the entry of a system call to its return.
#include "system_call_keys.bpf.h"

TRACER("System call latency");
OPTION(bool, errors_only, false, "only calls that fail");
OPTION(__u64, min_us, 0, "leave out calls shorter than N microseconds");
HISTOGRAM(calls, struct call_key, duration_ns, "time from the entry of a call to its return");

// A refused call has no duration.
static __always_inline void call_returned(const struct call_key* key, long result, __u64 duration,
                                          __u32* place) {
    if (duration == CALL_REFUSED || (errors_only && !is_error(result)))
        return;
    if (!min_us || duration / 1000 >= min_us)
        histogram_add(calls, *key, duration, place);
}

CALLS_IN_FLIGHT(calls, task, number, key) {
    *key = call_key_of(task, number, 0);
    return !errors_only;
}
