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

// A call that was entered before the start, without an event of its thread since, is known by the
// registers that the thread saved at its entry.
IN_FLIGHT(calls, task, key) {
    struct entered_call* call = calling_of(task);
    __u64 since = call ? call->since : PAIR_OUTSIDE;
    syscall_nr number;
    __u64 now;

    if (errors_only || since == PAIR_OUTSIDE || since == PAIR_NOT_WANTED)
        return 0;
    if (since != PAIR_NEVER_SEEN) {
        *key = call_key_of(task, call->number, 0);
        now = clock_ns();
        return now > since ? now - since : 1;
    }
    // A thread on a CPU may be in user space, with the registers of an earlier entry; a halted one
    // is on its way there.
    if (task_on_cpu(task) || task_is_halted(task))
        return 0;
    number = call_in_progress(task);
    if (number == TALLY_SYSCALL_UNKNOWN || !syscall_is_selected(number))
        return 0;
    *key = call_key_of(task, number, 0);
    return TALLY_OLDER_THAN_RUN;
}
