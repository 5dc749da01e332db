// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// cgsnoop: changes of cgroups in all hierarchies, and the process that makes each.
#include "cgroup_path.bpf.h"

TRACER("Cgroups created, removed, renamed or frozen, and moves into them");

enum change { MADE, REMOVED, RENAMED, FREEZING, FROZEN, UNFREEZING, UNFROZEN, MOVED, BORN };

struct cgroup_event {
    struct event_head head;
    enum change change;
    __s32 hierarchy;            // the first field of a line of /proc/PID/cgroup
    natural_or_none moved_pid;  // MOVED, BORN: the process that is in the cgroup now
    natural_or_none moved_tid;  // none: all threads of the process
    comm moved_comm;
    path path;
};
EVENTS(changes, struct cgroup_event, "what happens to cgroups");

// The current thread makes every one of these changes: it writes to the cgroup file system, or
// creates a thread, or is the last thread of a cgroup to stop.
static __always_inline struct cgroup_event* begin_change(enum change change,
                                                         struct cgroup* cgroup) {
    struct task_struct* task = current_task();
    struct cgroup_event* event;

    if (!target_includes(task))
        return NULL;
    event = event_begin(changes, task, clock_ns());
    if (event) {
        event->change = change;
        event->hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
        event->moved_pid = -1;
        event->moved_tid = -1;
    }
    return event;
}

static __always_inline int tell(enum change change, struct cgroup* cgroup, const char* path) {
    struct cgroup_event* event = begin_change(change, cgroup);

    if (event) {
        event_kernel_string(changes, event, path, path);
        event_submit(changes, event);
    }
    return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup* cgroup, const char* path) {
    return tell(MADE, cgroup, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_rmdir, struct cgroup* cgroup, const char* path) {
    return tell(REMOVED, cgroup, path);
}

SEC("tp_btf/cgroup_rename")
int BPF_PROG(on_rename, struct cgroup* cgroup, const char* path) {
    return tell(RENAMED, cgroup, path);
}

SEC("tp_btf/cgroup_freeze")
int BPF_PROG(on_freeze, struct cgroup* cgroup, const char* path) {
    return tell(FREEZING, cgroup, path);
}

SEC("tp_btf/cgroup_unfreeze")
int BPF_PROG(on_unfreeze, struct cgroup* cgroup, const char* path) {
    return tell(UNFREEZING, cgroup, path);
}

SEC("tp_btf/cgroup_notify_frozen")
int BPF_PROG(on_frozen, struct cgroup* cgroup, const char* path, int frozen) {
    return tell(frozen ? FROZEN : UNFROZEN, cgroup, path);
}

// Called once for a process with all its threads, or for a single thread.
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_move, struct cgroup* cgroup, const char* path, struct task_struct* moved,
             bool whole_process) {
    struct cgroup_event* event = begin_change(MOVED, cgroup);

    if (event) {
        event->moved_pid = moved->tgid;
        event->moved_tid = whole_process ? -1 : moved->pid;
        bpf_probe_read_kernel_str(event->moved_comm, sizeof(event->moved_comm), moved->comm);
        event_kernel_string(changes, event, path, path);
        event_submit(changes, event);
    }
    return 0;
}

// A process or thread that starts in another cgroup than its creator's (CLONE_INTO_CGROUP, version
// 2 only) is never moved there.
SEC("tp_btf/task_newtask")
int BPF_PROG(on_birth, struct task_struct* made, unsigned long clone_flags) {
    struct task_struct* maker = current_task();
    struct cgroup* cgroup = made->cgroups->dfl_cgrp;
    struct cgroup_event* event;

    if (cgroup == task_read(maker, cgroups, dfl_cgrp))
        return 0;
    event = begin_change(BORN, cgroup);
    if (event) {
        event->moved_pid = made->tgid;
        event->moved_tid = made->tgid == made->pid ? -1 : made->pid;
        bpf_probe_read_kernel_str(event->moved_comm, sizeof(event->moved_comm), made->comm);
        event_cgroup_path(changes, event, path, cgroup);
        event_submit(changes, event);
    }
    return 0;
}
