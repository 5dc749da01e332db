// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// statsnoop: each call that asks for a file by its path, without opening it.
#include "full_path.bpf.h"
#include "system_call.bpf.h"

TRACER("stat() and access() calls");
OPTION(bool, errors_only, false, "only calls that fail");
OPTION(bool, full_path, false, "put the directory in front of a relative path");

struct stat_event {
    struct event_head head;
    syscall_nr syscall;
    errno_nr error;
    duration_ns duration_ns;
    path path;
};
EVENTS(stats, struct stat_event, "files that are asked for");

#define EFAULT 14

static __always_inline bool call_is_selected(syscall_nr number) {
    return stat_call_of(number) != NOT_STAT;
}

// An empty path where that is allowed: it is fstat() of libc.
static __always_inline bool asks_a_descriptor(__u64 path) {
    char first = 0;

    return !path || (!bpf_probe_read_user(&first, 1, (void*)path) && !first);
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    bool has_directory = stat_call_of(call->number) == STAT_AT;
    __u64 path = call_argument(call->number, call->regs, has_directory ? 1 : 0);
    int directory = TALLY_AT_FDCWD;
    struct stat_event* event;

    if (!is_error(call->result) && (errors_only || asks_a_descriptor(path)))
        return;
    event = event_begin(stats, call->task, returned_at(call));
    if (!event)
        return;
    event->syscall = call->number;
    event->error = error_of(call->result);
    event->duration_ns = call->duration;
    if (has_directory)
        directory = call_argument(call->number, call->regs, 0);
    if (call->result == -EFAULT || !path)
        ;  // what the kernel could not read, we cannot
    else if (full_path)
        event_user_path(stats, event, path, path, call->task, directory);
    else
        event_user_string(stats, event, path, path);
    event_submit(stats, event);
}
