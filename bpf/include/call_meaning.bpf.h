/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which argument of a system call is a descriptor (in calls with a path: of its directory), which
 * is a path, and which is a size in bytes.
 */
#ifndef TALLY_CALL_MEANING_BPF_H
#define TALLY_CALL_MEANING_BPF_H

#include "tally.bpf.h"

#define FD(index) ((index) + 1)
#define PATH(index) (((index) + 1) << 3)
#define SIZE(index) (((index) + 1) << 6)
#define ANY_FD 7
#define ANY_PATH (7 << 3)
#define ANY_SIZE (7 << 6)
#define MOST_NUMBERS 512

/* By the number in arch/x86/entry/syscalls/syscall_64.tbl. For other calls there is nothing but
 * `arguments`. */
static const __u16 meaning_of_arguments[MOST_NUMBERS] = {
    [0] = FD(0) | SIZE(2),           /* read */
    [1] = FD(0) | SIZE(2),           /* write */
    [2] = PATH(0),                   /* open */
    [3] = FD(0),                     /* close */
    [4] = PATH(0),                   /* stat */
    [5] = FD(0),                     /* fstat */
    [6] = PATH(0),                   /* lstat */
    [8] = FD(0),                     /* lseek */
    [9] = FD(4) | SIZE(1),           /* mmap */
    [10 ... 11] = SIZE(1),           /* mprotect, munmap */
    [16] = FD(0),                    /* ioctl */
    [17 ... 18] = FD(0) | SIZE(2),   /* pread64, pwrite64 */
    [19 ... 20] = FD(0),             /* readv, writev */
    [21] = PATH(0),                  /* access */
    [25] = SIZE(2),                  /* mremap */
    [26] = SIZE(1),                  /* msync */
    [28] = SIZE(1),                  /* madvise */
    [40] = FD(0) | SIZE(3),          /* sendfile */
    [42] = FD(0),                    /* connect */
    [44 ... 45] = FD(0) | SIZE(2),   /* sendto, recvfrom */
    [46 ... 47] = FD(0),             /* sendmsg, recvmsg */
    [48 ... 50] = FD(0),             /* shutdown, bind, listen */
    [54 ... 55] = FD(0),             /* setsockopt, getsockopt */
    [59] = PATH(0),                  /* execve */
    [72 ... 75] = FD(0),             /* fcntl, flock, fsync, fdatasync */
    [76] = PATH(0) | SIZE(1),        /* truncate */
    [77] = FD(0) | SIZE(1),          /* ftruncate */
    [78] = FD(0) | SIZE(2),          /* getdents */
    [80] = PATH(0),                  /* chdir */
    [81] = FD(0),                    /* fchdir */
    [82 ... 90] = PATH(0),           /* rename, mkdir, rmdir, creat, link ... chmod */
    [91] = FD(0),                    /* fchmod */
    [92] = PATH(0),                  /* chown */
    [93] = FD(0),                    /* fchown */
    [94] = PATH(0),                  /* lchown */
    [133] = PATH(0),                 /* mknod */
    [137] = PATH(0),                 /* statfs */
    [138] = FD(0),                   /* fstatfs */
    [161] = PATH(0),                 /* chroot */
    [165] = PATH(1),                 /* mount */
    [166] = PATH(0),                 /* umount2 */
    [187] = FD(0) | SIZE(2),         /* readahead */
    [188 ... 189] = PATH(0),         /* setxattr, lsetxattr */
    [190] = FD(0),                   /* fsetxattr */
    [191 ... 192] = PATH(0),         /* getxattr, lgetxattr */
    [193] = FD(0),                   /* fgetxattr */
    [217] = FD(0) | SIZE(2),         /* getdents64 */
    [221] = FD(0) | SIZE(2),         /* fadvise64 */
    [257 ... 260] = FD(0) | PATH(1), /* openat, mkdirat, mknodat, fchownat */
    [262 ... 264] = FD(0) | PATH(1), /* newfstatat, unlinkat, renameat */
    [267 ... 269] = FD(0) | PATH(1), /* readlinkat, fchmodat, faccessat */
    [275] = FD(0) | SIZE(4),         /* splice */
    [277] = FD(0) | SIZE(2),         /* sync_file_range */
    [285] = FD(0) | SIZE(3),         /* fallocate */
    [295 ... 296] = FD(0),           /* preadv, pwritev */
    [299] = FD(0),                   /* recvmmsg */
    [306] = FD(0),                   /* syncfs */
    [307] = FD(0),                   /* sendmmsg */
    [316] = FD(0) | PATH(1),         /* renameat2 */
    [318] = SIZE(1),                 /* getrandom */
    [322] = FD(0) | PATH(1),         /* execveat */
    [326] = FD(0) | SIZE(4),         /* copy_file_range */
    [327 ... 328] = FD(0),           /* preadv2, pwritev2 */
    [332] = FD(0) | PATH(1),         /* statx */
    [437] = FD(0) | PATH(1),         /* openat2 */
    [439] = FD(0) | PATH(1),         /* faccessat2 */
};

#endif /* TALLY_CALL_MEANING_BPF_H */
