/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The type of an inode's file.
 */
#ifndef TALLY_FILE_TYPE_BPF_H
#define TALLY_FILE_TYPE_BPF_H

#include "tally.bpf.h"

/* include/uapi/linux/stat.h */
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFLNK 0120000

/* S_IFREG, S_IFDIR ... of an inode; 0: there is none. */
static __always_inline __u32 file_type_of(const struct inode* inode) {
    return BPF_CORE_READ(inode, i_mode) & S_IFMT;
}

#endif /* TALLY_FILE_TYPE_BPF_H */
