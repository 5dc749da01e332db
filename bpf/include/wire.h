/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The data that the engine's own programs, the same in every object, pass to user space. Plain C
 * for both sides. The layout of what a tracer itself measures is not here: it is read from the
 * tracer's BTF.
 */
#ifndef TALLY_WIRE_H
#define TALLY_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* Raise this with every change of the layout of what is here, of buckets.h, or of a name that src/
 * looks up in an object: an object with another version is refused. */
#define TALLY_WIRE_VERSION 8

/* How many hierarchies are searched for one without a controller: at most 16 with controllers,
 * version 2, and those with names. */
#define TALLY_MOST_HIERARCHIES 32

/* Changes of cgroups that matter for their names (cgroup_events.bpf.h). */
enum tally_cgroup_change {
    TALLY_CGROUP_MADE,
    TALLY_CGROUP_REMOVED,
    TALLY_CGROUP_RENAMED, /* version 1 only */
    TALLY_PROCESS_SEEN, /* a struct tally_process_event: one of the first (TALLY_TELL_TIMES) of its
                           pid namespace in a cgroup under one node name */
};

struct tally_cgroup_event {
    __u64 change;
    __u64 id;
    __u64 parent;   /* 0 if the cgroup was removed */
    char name[256]; /* empty if it was removed; NAME_MAX and NUL */
};

/* The cgroup and namespaces of a process. */
struct tally_process {
    __u64 cgroup;
    __u32 pid;
    __u32 pid_namespace;  /* inode number of the innermost one, 0 for the host's own */
    __u32 parent_of_init; /* of process 1 of a pid namespace: its parent, as the host numbers it */
    __u32 unused;
    __u64 namespace_born; /* when process 1 of pid_namespace started: the
                             inode number is reused at once */
    char node_name[72];   /* __NEW_UTS_LEN is 64; empty in the host's own UTS namespace */
};

struct tally_process_event {
    __u64 change;
    struct tally_process process;
};

/* Follows the key in a record of what is in flight: one for each thread of IN_FLIGHT(), one for
 * each object of IN_FLIGHT_OF(). */
struct tally_in_flight {
    __u64 age; /* nanoseconds, or TALLY_OLDER_THAN_RUN */
    __u32 pid;
    __u32 tid; /* 0: the thread is not known */
    char comm[16];
};

/* What is stored for each object of an OBJECT_STATE(), before the tracer's own state. */
struct tally_object {
    __u64 began;     /* the clock */
    __u64 is_wanted; /* 1: it is measured; 0: its end is nobody's loss */
    __u32 pid;       /* of the thread that requested it; tid 0: not known */
    __u32 tid;
    char comm[16];
};

/* Some objects that may be too old to be believed. */
#define TALLY_OLD_OBJECTS 64
struct tally_old_objects {
    __u64 count;
    __u64 keys[TALLY_OLD_OBJECTS];
};

/* It had begun before the probes were attached. */
#define TALLY_OLDER_THAN_RUN (~0ULL)

/* Where the bytes of a text field are: within what follows the event's struct. */
struct tally_text {
    __u16 offset;
    __u16 length;
    __u32 state; /* one of those below */
};
#define TALLY_TEXT_NONE 0U /* there is none, or it could not be read */
#define TALLY_TEXT_WHOLE 1U
#define TALLY_TEXT_CUT 2U /* there was more */

/* In front of the struct of each event. */
struct tally_event_front {
    __u32 kind;      /* which EVENTS() of the object: the value of its constant NAME_kind */
    __u32 text_size; /* how many bytes follow the struct */
};

/* An IP address in network byte order; version 4 as ::ffff:a.b.c.d. */
struct tally_ip {
    __u32 words[4];
};

/* Bits that have names. `set` is the set of names: one of those below. */
struct tally_flags {
    __u32 set;
    __u32 bits;
};
#define TALLY_NO_FLAGS 0U          /* there are none */
#define TALLY_MOUNT_FLAGS 1U       /* mount */
#define TALLY_UMOUNT_FLAGS 2U      /* umount2 */
#define TALLY_MOVE_MOUNT_FLAGS 3U  /* move_mount */
#define TALLY_FSOPEN_FLAGS 4U      /* fsopen */
#define TALLY_FSCONFIG_COMMAND 5U  /* fsconfig: a number, not bits */
#define TALLY_FSMOUNT_FLAGS 6U     /* fsmount */
#define TALLY_FSPICK_FLAGS 7U      /* fspick */
#define TALLY_OPEN_TREE_FLAGS 8U   /* open_tree */
#define TALLY_SETATTR_FLAGS 9U     /* mount_setattr, with the propagation */
#define TALLY_MOUNT_ATTRIBUTES 10U /* MOUNT_ATTR_... */
#define TALLY_CLONE_FLAGS 11U      /* setns, unshare, clone, clone3 */

/* In a syscall_nr: the call of the 32-bit table. */
#define TALLY_SYSCALL_32 0x80000000U

/* A syscall_nr for all numbers that are in no table. There are four billion of them, and one
 * program could fill every map with calls that do not exist. */
#define TALLY_SYSCALL_UNKNOWN 1024U

#endif /* TALLY_WIRE_H */
