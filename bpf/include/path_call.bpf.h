/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * System calls that take the path of a file, for tracers that report each of them when it returns.
 */
#ifndef TALLY_PATH_CALL_BPF_H
#define TALLY_PATH_CALL_BPF_H

#include "full_path.bpf.h"
#include "system_call.bpf.h"

OPTION(bool, errors_only, false, "only calls that fail");
OPTION(bool, full_path, false, "put the directory in front of a relative path");

#define EFAULT 14

/* The address of the path. `has_directory`: the call takes a directory before it (openat). */
static __always_inline __u64 path_argument(const struct returned_call* call, bool has_directory) {
    return call_argument(call->number, call->regs, has_directory ? 1 : 0);
}

/* Sets a field of an event to the path at `pointer`, which is path_argument(). It is read now, at
 * the return: by then its page is in memory, while at the entry one in fifty is not. What the
 * kernel could not read, a BPF program cannot read either. */
#define event_call_path(name, event, field, call, pointer, has_directory)                       \
    do {                                                                                        \
        __u64 path_of_call = (pointer);                                                         \
        int directory_of_call = TALLY_AT_FDCWD;                                                 \
                                                                                                \
        if ((call)->result == -EFAULT || !path_of_call)                                         \
            break;                                                                              \
        if (has_directory)                                                                      \
            directory_of_call = call_argument((call)->number, (call)->regs, 0);                 \
        if (full_path)                                                                          \
            event_user_path(name, event, field, path_of_call, (call)->task, directory_of_call); \
        else                                                                                    \
            event_user_string(name, event, field, path_of_call);                                \
    } while (0)

#endif /* TALLY_PATH_CALL_BPF_H */
