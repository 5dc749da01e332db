/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Types that carry meaning. BTF keeps the name of a typedef, so tally knows from the declaration of
 * a key, a value or an option what it is: its column, its unit, how to print it
 * (src/fields/field_types.cpp). Any other integer is printed as a number.
 */
#ifndef TALLY_TYPES_BPF_H
#define TALLY_TYPES_BPF_H

#include "wire.h"

/* In keys and events. An enum is shown as the name of its value in small letters, a bool as true or
 * false, an array of char as text. */
typedef __u64 duration_ns;              /* nanoseconds; NO_DURATION: none */
typedef __u64 bytes;                    /* NO_BYTES: none */
typedef __u64 cgroup_id;                /* inode of the cgroup's directory, in this hierarchy */
typedef __u32 pid_nr;                   /* a process (the kernel's tgid), as the host numbers it */
typedef __u32 tid_nr;                   /* a thread (the kernel's pid), as the host numbers it */
typedef __u32 uid_nr;                   /* a user, as the host numbers it; NO_USER: none */
typedef __u32 syscall_nr;               /* a system call; bit 31 (TALLY_SYSCALL_32):
                                           of the 32-bit table; NO_SYSCALL: none */
typedef __u32 errno_nr;                 /* an error, positive; 0: none */
typedef __u32 signal_nr;                /* SIGKILL; 0: none */
typedef __u32 capability_nr;            /* CAP_SYS_ADMIN */
typedef char comm[16];                  /* a thread's name, ends with NUL */
typedef __u64 timestamp_ns;             /* clock_ns(); shown as the time of day; 0: none */
typedef struct tally_ip ip_addr;        /* 10.0.0.1, or 2001:db8::1 */
typedef __u16 port_nr;                  /* in the machine's byte order */
typedef __u64 hex;                      /* an address, a mask: 0x1f in text, a number in records */
typedef __s32 natural_or_none;          /* negative: none (a descriptor, an exit code) */
typedef __u32 open_flags;               /* O_RDWR|O_CREAT */
typedef __u32 file_mode;                /* 0644; NO_MODE: none */
typedef struct tally_flags named_flags; /* MS_RDONLY|MS_NOSUID: the set of names, and the bits */

/* In events only (events.bpf.h). */
typedef __u64 container_of_cgroup;         /* a cgroup_id, shown as its container's name */
typedef __u64 call_arguments[6];           /* of a system call, as they were passed */
typedef struct tally_text path;            /* a string of any bytes: event_user_string() */
typedef struct tally_text argument_vector; /* words: event_user_words() */

#define NO_MODE (~0U)
#define NO_USER (~0U)
#define NO_SYSCALL (~0U)
#define NO_DURATION (~0ULL)
#define NO_BYTES (~0ULL)

#endif /* TALLY_TYPES_BPF_H */
