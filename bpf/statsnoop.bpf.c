// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// statsnoop: each call that looks up a file by its path, without opening it.
#include "path_call.bpf.h"

TRACER("stat() and access() calls");

struct stat_event {
    struct event_head head;
    syscall_nr syscall;
    errno_nr error;
    duration_ns duration_ns;
    path path;
};
EVENTS(stats, struct stat_event, "files that are asked for");

static __always_inline bool call_is_selected(syscall_nr number) {
    return stat_call_of(number) != NOT_STAT;
}

// Whether the path is empty (or NULL), where that is allowed: libc's fstat() is such a call.
static __always_inline bool asks_a_descriptor(__u64 path) {
    char first = 0;

    return !path || (!bpf_probe_read_user(&first, 1, (void*)path) && !first);
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    bool has_directory = stat_call_of(call->number) == STAT_AT;
    __u64 path = path_argument(call, has_directory);
    struct stat_event* event;

    if (!is_error(call->result) && (errors_only || asks_a_descriptor(path)))
        return;
    event = event_begin(stats, call->task, returned_at(call));
    if (!event)
        return;
    event->syscall = call->number;
    event->error = error_of(call->result);
    event->duration_ns = call->duration;
    event_call_path(stats, event, path, call, path, has_directory);
    event_submit(stats, event);
}
