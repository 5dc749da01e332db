// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// opensnoop: each call that opens a file, or fails to open one.
#include "path_call.bpf.h"

TRACER("Files opened, and opens that fail");

struct open_event {
    struct event_head head;
    natural_or_none fd;
    errno_nr error;
    duration_ns duration_ns;
    open_flags flags;
    file_mode mode;  // requested, if the call may create a file
    path path;
};
EVENTS(opens, struct open_event, "files that are opened");

// include/uapi/asm-generic/fcntl.h
#define O_CREAT 0100
#define O_TMPFILE 020000000
#define FLAGS_OF_CREAT 01101  // O_CREAT|O_WRONLY|O_TRUNC

static __always_inline bool call_is_selected(syscall_nr number) {
    return open_call_of(number) != NOT_OPEN;
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    enum open_call which = open_call_of(call->number);
    bool has_directory = which == OPENAT || which == OPENAT2;
    struct open_event* event;
    struct open_how how = {};

    if (errors_only && !is_error(call->result))
        return;
    event = event_begin(opens, call->task, returned_at(call));
    if (!event)
        return;
    event->fd = is_error(call->result) ? -1 : call->result;
    event->error = error_of(call->result);
    event->duration_ns = call->duration;
    switch (which) {
        case OPENAT2:
            if (call->result != -EFAULT &&
                bpf_probe_read_user(&how, sizeof(how),
                                    (void*)call_argument(call->number, call->regs, 2)))
                count_one(LOST_STRING_FAULT);
            break;
        case CREAT:
            how.flags = FLAGS_OF_CREAT;
            how.mode = call_argument(call->number, call->regs, 1);
            break;
        case OPENAT:
            how.flags = call_argument(call->number, call->regs, 2);
            how.mode = call_argument(call->number, call->regs, 3);
            break;
        default:
            how.flags = call_argument(call->number, call->regs, 1);
            how.mode = call_argument(call->number, call->regs, 2);
    }
    event->flags = how.flags;
    event->mode = how.flags & (O_CREAT | O_TMPFILE) ? how.mode & 07777 : NO_MODE;
    event_call_path(opens, event, path, call, path_argument(call, has_directory), has_directory);
    event_submit(opens, event);
}
