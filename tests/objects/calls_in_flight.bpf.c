// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A tracer of system calls of its own: all but getppid, by a key that has no call in it.
#include "system_call.bpf.h"

TRACER("Calls by whether they are reads");

struct read_key {
    struct subject subject;
    __u32 is_read;
    __u32 unused;
};
HISTOGRAM(calls, struct read_key, duration_ns, "time from the entry of a call to its return");

#define READ 0
#define GETPPID 110

static __always_inline bool call_is_selected(syscall_nr number) {
    return number != GETPPID;
}

static __always_inline struct read_key read_key_of(struct task_struct* task, syscall_nr number) {
    return (struct read_key){.subject = subject_of(task), .is_read = number == READ};
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    if (call->duration != CALL_REFUSED)
        histogram_add(calls, read_key_of(call->task, call->number), call->duration, call->place);
}

CALLS_IN_FLIGHT(calls, task, number, key) {
    *key = read_key_of(task, number);
    return true;
}
