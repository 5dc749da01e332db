// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// mountsnoop: each call that makes, moves or removes a mount, and each that makes or enters a
// namespace: the steps by which a container is set up.
#include "events.bpf.h"
#include "system_call.bpf.h"

TRACER("Mount and namespace system calls: how a container is set up");
OPTION(bool, errors_only, false, "only calls that fail");

struct mount_event {
    struct event_head head;
    syscall_nr syscall;
    errno_nr error;
    duration_ns duration_ns;
    named_flags flags;
    path filesystem;  // its type
    path source;
    path target;
    natural_or_none fd;         // on which the call operates
    natural_or_none new_fd;     // that the call returns
    natural_or_none target_fd;  // move_mount: the directory that the target is relative to
    named_flags attributes;     // fsmount, mount_setattr: those that are set
    named_flags cleared;        // mount_setattr: those that are cleared
    path option;                // fsconfig
    path data;                  // mount; fsconfig: the value of the option
};
EVENTS(mounts, struct mount_event, "mounts and namespaces that are made");

#define EFAULT 14
#define NAMESPACES 0x7e020000  // CLONE_NEW..., include/uapi/linux/sched.h
#define NAMESPACE_OF_TIME 0x80

static __always_inline bool call_is_selected(syscall_nr number) {
    return mount_call_of(number) != NOT_MOUNT;
}

// The namespaces that a new process does not share with its parent: the only flags of clone and
// clone3 that are reported.
static __always_inline __u32 namespaces_of(enum mount_call which, __u64 argument) {
    __u64 flags = 0;

    if (which == CLONE)
        return argument & NAMESPACES;
    if (bpf_probe_read_user(&flags, sizeof(flags), (void*)argument))
        count_one(LOST_STRING_FAULT);
    return flags & (NAMESPACES | NAMESPACE_OF_TIME);
}

// Whether the pointer is that of a text: some file systems take binary data instead.
static __always_inline bool is_text(__u64 pointer) {
    __u8 first = 0;

    return pointer && !bpf_probe_read_user(&first, 1, (void*)pointer) && first >= ' ';
}

#define named(set, bits) ((named_flags){set, bits})
#define ARGUMENT(index) call_argument(call->number, call->regs, index)

// Adds the string to which the variable with the field's name points.
#define ADD(field)            \
    if (is_readable && field) \
    event_user_string(mounts, event, field, field)

/* Whether the call returns a file descriptor. */
static __always_inline bool makes_fd(enum mount_call which) {
    return which == FSOPEN || which == FSMOUNT || which == FSPICK || which == OPEN_TREE;
}

/* mount_setattr(2). Its struct mount_attr is at `address` of the caller, if it `is_there`. */
static __always_inline void tell_attributes(struct mount_event* event, __u64 flags, bool is_there,
                                            __u64 address) {
    __u64 attributes[4] = {}; /* set, cleared, propagation, a user namespace */

    if (is_there && bpf_probe_read_user(attributes, sizeof(attributes), (void*)address))
        count_one(LOST_STRING_FAULT);
    event->flags = named(TALLY_SETATTR_FLAGS, flags | attributes[2]);
    event->attributes = named(TALLY_MOUNT_ATTRIBUTES, attributes[0]);
    event->cleared = named(TALLY_MOUNT_ATTRIBUTES, attributes[1]);
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    enum mount_call which = mount_call_of(call->number);
    __u64 first = ARGUMENT(0), second = ARGUMENT(1), third = ARGUMENT(2);
    __u64 fourth = ARGUMENT(3), fifth = ARGUMENT(4);
    __u64 filesystem = 0, source = 0, target = 0, option = 0, data = 0;
    bool is_readable = call->result != -EFAULT;  // else the kernel could not read it, nor can BPF
    struct mount_event* event;

    if (errors_only && !is_error(call->result))
        return;
    if (which == CLONE || which == CLONE3) {
        first = is_readable || which == CLONE ? namespaces_of(which, first) : 0;
        if (!first)
            return;
    }
    event = event_begin(mounts, call->task, returned_at(call));
    if (!event)
        return;
    event->syscall = call->number;
    event->error = error_of(call->result);
    event->duration_ns = call->duration;
    event->fd = event->target_fd = event->new_fd = -1;
    if (!event->error && makes_fd(which))
        event->new_fd = call->result;
    switch (which) {
        case MOUNT:
            source = first, target = second, filesystem = third;
            data = is_text(fifth) ? fifth : 0;
            event->flags = named(TALLY_MOUNT_FLAGS, fourth);
            break;
        case UMOUNT:
        case UMOUNT2:
            target = first;
            event->flags = named(TALLY_UMOUNT_FLAGS, which == UMOUNT ? 0 : second);
            break;
        case PIVOT_ROOT:
            source = first, target = second;
            break;
        case MOVE_MOUNT:
            event->fd = first, event->target_fd = third;
            source = second, target = fourth;
            event->flags = named(TALLY_MOVE_MOUNT_FLAGS, fifth);
            break;
        case FSOPEN:
            filesystem = first;
            event->flags = named(TALLY_FSOPEN_FLAGS, second);
            break;
        case FSCONFIG:
            event->fd = first, option = third;
            event->flags = named(TALLY_FSCONFIG_COMMAND, second);
            if (event->flags.bits == FSCONFIG_SET_STRING || event->flags.bits == FSCONFIG_SET_PATH)
                data = fourth;
            break;
        case FSMOUNT:
            event->fd = first;
            event->flags = named(TALLY_FSMOUNT_FLAGS, second);
            event->attributes = named(TALLY_MOUNT_ATTRIBUTES, third);
            break;
        case FSPICK:
        case OPEN_TREE:
            event->fd = first;
            *(which == FSPICK ? &target : &source) = second;
            event->flags =
                named(which == FSPICK ? TALLY_FSPICK_FLAGS : TALLY_OPEN_TREE_FLAGS, third);
            break;
        case MOUNT_SETATTR:
            event->fd = first, target = second;
            tell_attributes(event, third, is_readable && fifth >= 4 * sizeof(__u64), fourth);
            break;
        default:
            event->fd = which == SETNS ? first : -1;
            event->flags = named(TALLY_CLONE_FLAGS, which == SETNS ? second : first);
    }
    ADD(filesystem);
    ADD(source);
    ADD(target);
    ADD(option);
    ADD(data);
    event_submit(mounts, event);
}
