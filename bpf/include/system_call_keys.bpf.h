/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * System calls by key: for tracers that measure all calls, or those selected by -s, under the keys
 * of --by. A tracer includes this file instead of system_call.bpf.h.
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

static __always_inline struct call_key call_key_of(struct task_struct* task, syscall_nr number,
                                                   long result) {
    struct call_key key = {.subject = subject_of(task)};

    if (by_syscall)
        key.syscall = number;
    if (by_error && is_error(result))
        key.error = -result;
    return key;
}

#endif /* TALLY_SYSTEM_CALL_KEYS_BPF_H */
