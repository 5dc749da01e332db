/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Types that carry meaning. BTF keeps the name of a typedef, so tally knows from the declaration of
 * a key, a value or an option what it is: its column, its unit, how to print it
 * (src/tracer/schema.cpp). Any other integer is printed as a number.
 */
#ifndef TALLY_TYPES_BPF_H
#define TALLY_TYPES_BPF_H

typedef __u64 duration_ns; /* nanoseconds */
typedef __u64 bytes;
typedef __u64 cgroup_id;  /* inode of the cgroup's directory, in the hierarchy of this run */
typedef __u32 pid_nr;     /* a process (the kernel's tgid), as the host numbers it */
typedef __u32 tid_nr;     /* a thread (the kernel's pid), as the host numbers it */
typedef __u32 syscall_nr; /* a system call; bit 31: of the 32-bit table (system_call.bpf.h) */
typedef __u32 errno_nr;   /* an error, positive; 0: none */
typedef char comm[16];    /* a thread's name, ends with NUL */

#endif /* TALLY_TYPES_BPF_H */
