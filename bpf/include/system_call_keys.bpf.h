/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * System calls by key: for tracers that measure all of them, or those of -s, by --by. A tracer
 * includes it and defines call_returned().
 */
#ifndef TALLY_SYSTEM_CALL_KEYS_BPF_H
#define TALLY_SYSTEM_CALL_KEYS_BPF_H

#include "system_call.bpf.h"

BY("container,syscall");
SELECTION(syscall, syscall_nr, "s", "only this system call, by name or number; repeatable");

const volatile bool by_syscall = true;
const volatile bool by_error = false;

struct call_key {
    struct subject subject;
    syscall_nr syscall;
    errno_nr error;
};

/* A wanted call has returned, after `duration` nanoseconds or CALL_REFUSED; `place` is for its key.
 */
static __always_inline void call_returned(const struct call_key* key, long result, __u64 duration,
                                          __u32* place);

static __always_inline struct call_key call_key_of(struct task_struct* task, syscall_nr number,
                                                   long result) {
    struct call_key key = {.subject = subject_of(task)};

    if (by_syscall)
        key.syscall = number;
    if (by_error && is_error(result))
        key.error = -result;
    return key;
}

static __always_inline bool call_is_selected(syscall_nr number) {
    return syscall_is_selected(number);
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    struct call_key key = call_key_of(call->task, call->number, call->result);

    call_returned(&key, call->result, call->duration, call->place);
}

#endif /* TALLY_SYSTEM_CALL_KEYS_BPF_H */
