/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The directory that a relative path is relative to, for tracers of events: its path as the process
 * sees it (from its own root).
 */
#ifndef TALLY_FULL_PATH_BPF_H
#define TALLY_FULL_PATH_BPF_H

#include "events.bpf.h"

#define TALLY_AT_FDCWD (-100)

/* A path with more directories stays relative. */
#define TALLY_MOST_DIRECTORIES 48

/* While the path is assembled, the directories on the way up are stored after the text. */
#define TALLY_DIRECTORIES_AT (TALLY_EVENT_TEXT - 8 * TALLY_MOST_DIRECTORIES)

static __always_inline struct mount* tally_mount_of(struct vfsmount* mount) {
    return (void*)mount - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline void tally_place_of(const struct file* file, struct path* place) {
    place->dentry = BPF_CORE_READ(file, f_path.dentry);
    place->mnt = BPF_CORE_READ(file, f_path.mnt);
}

/* The directory that a thread's `descriptor` refers to. False: there is none. */
static __always_inline bool tally_directory_of(struct task_struct* task, int descriptor,
                                               struct path* directory) {
    struct file** files;
    struct file* file;

    if (descriptor == TALLY_AT_FDCWD) {
        directory->dentry = BPF_CORE_READ(task, fs, pwd.dentry);
        directory->mnt = BPF_CORE_READ(task, fs, pwd.mnt);
        return true;
    }
    if (descriptor < 0 || (__u32)descriptor >= BPF_CORE_READ(task, files, fdt, max_fds))
        return false;
    files = BPF_CORE_READ(task, files, fdt, fd);
    if (bpf_probe_read_kernel(&file, sizeof(file), &files[descriptor]) || !file)
        return false;
    tally_place_of(file, directory);
    return true;
}

/* Appends the path of a place in the directories, as a thread sees it, with a '/' at its end, to
 * the text. False: it cannot be determined. The loops count in memory, where the verifier does not
 * track the values: it would otherwise examine every path through them. */
static __noinline bool tally_add_place(char* text, __u32* used, struct task_struct* task,
                                       const struct path* place) {
    struct path root, here;
    struct dentry** parts;
    struct mount* mount;
    bool arrived = false;
    __u32 at;
    int i;

    if (!text || !used || !task || !place)
        return false;
    here = *place;
    root.dentry = BPF_CORE_READ(task, fs, root.dentry);
    root.mnt = BPF_CORE_READ(task, fs, root.mnt);
    mount = tally_mount_of(here.mnt);
    parts = (struct dentry**)(text + TALLY_DIRECTORIES_AT);
    __builtin_memset(parts, 0, 8 * TALLY_MOST_DIRECTORIES);
    /* As prepend_path() of fs/d_path.c, but without its locks: a directory that is being renamed
     * may have its old name or the new one. */
    for (i = 0; i < TALLY_MOST_DIRECTORIES; i++) {
        struct dentry* parent;
        struct mount* above;

        if (here.dentry == root.dentry && here.mnt == root.mnt) {
            arrived = true;
            break;
        }
        parent = BPF_CORE_READ(here.dentry, d_parent);
        if (here.dentry != BPF_CORE_READ(here.mnt, mnt_root)) {
            parts[i] = here.dentry;
            here.dentry = parent;
            continue;
        }
        above = BPF_CORE_READ(mount, mnt_parent);
        if (above == mount) {
            arrived = true; /* the topmost mount, or one that is mounted nowhere */
            break;
        }
        here.dentry = BPF_CORE_READ(mount, mnt_mountpoint);
        mount = above;
        here.mnt = (void*)mount + bpf_core_field_offset(struct mount, mnt);
    }
    if (!arrived)
        return false;
    for (i = TALLY_MOST_DIRECTORIES - 1; i >= 0; i--) {
        struct dentry* part = parts[i];
        long length;

        if (!part)
            continue;
        at = *(volatile __u32*)used;
        if (at > TALLY_DIRECTORIES_AT - 2 * TALLY_MOST_STRING)
            return false;
        text[at] = '/';
        length = bpf_probe_read_kernel_str(text + at + 1, 256, BPF_CORE_READ(part, d_name.name));
        if (length <= 0 || length > 256)
            return false;
        *(volatile __u32*)used = at + length;
    }
    at = *(volatile __u32*)used;
    if (at > TALLY_DIRECTORIES_AT - 2 * TALLY_MOST_STRING)
        return false;
    text[at] = '/';
    *used = at + 1;
    return true;
}

/* Likewise, the path of a directory of a thread. */
static __always_inline bool tally_add_directory(char* text, __u32* used, struct task_struct* task,
                                                int descriptor) {
    struct path directory = {};

    return tally_directory_of(task, descriptor, &directory) &&
           tally_add_place(text, used, task, &directory);
}

static __always_inline void tally_add_full_path(char* text, __u32* used, struct tally_text* field,
                                                const void* string, struct task_struct* task,
                                                int descriptor) {
    __u32 begin = *used;
    char first = 0;

    bpf_probe_read_user(&first, 1, string);
    if (first && first != '/' && !tally_add_directory(text, used, task, descriptor))
        *used = begin;
    tally_add_string(text, used, field, string, true);
    if (field->state != TALLY_TEXT_NONE) {
        field->length += field->offset - begin;
        field->offset = begin;
    }
}

/* The path of a place. A place outside of the directories (a socket, a pipe) has none; that is not
 * a loss. */
static __always_inline void tally_add_place_path(char* text, __u32* used, struct tally_text* field,
                                                 struct task_struct* task,
                                                 const struct path* place) {
    __u32 begin = *used;
    __u32 end;

    if (!tally_add_place(text, used, task, place)) {
        *used = begin;
        return;
    }
    end = *(volatile __u32*)used;
    field->offset = begin;
    field->length = end - begin > 1 ? end - begin - 1 : 1; /* without the '/' at its end */
    field->state = TALLY_TEXT_WHOLE;
}

/* The path of the file that `descriptor` refers to, if any. */
static __always_inline void tally_add_descriptor_path(char* text, __u32* used,
                                                      struct tally_text* field,
                                                      struct task_struct* task, int descriptor) {
    struct path place = {};

    if (descriptor >= 0 && tally_directory_of(task, descriptor, &place))
        tally_add_place_path(text, used, field, task, &place);
}

static __always_inline void tally_add_file_path(char* text, __u32* used, struct tally_text* field,
                                                struct task_struct* task, const struct file* file) {
    struct path place = {};

    tally_place_of(file, &place);
    tally_add_place_path(text, used, field, task, &place);
}

/* As event_user_string(), for a path of the current process that is relative to the directory of
 * `descriptor` of `task`, or to the working directory (AT_FDCWD). Where that directory cannot be
 * determined, the path stays relative. */
#define event_user_path(name, event, field, pointer, task, descriptor) \
    tally_add_full_path(TALLY_TEXT_OF(name, event, field), (const void*)(pointer), task, descriptor)

/* Likewise, the path of the file that `descriptor` of `task` refers to. */
#define event_file_path(name, event, field, task, descriptor) \
    tally_add_descriptor_path(TALLY_TEXT_OF(name, event, field), task, descriptor)

/* Likewise, the path of a struct file of the kernel, as `task` sees it. */
#define event_path_of_file(name, event, field, task, file) \
    tally_add_file_path(TALLY_TEXT_OF(name, event, field), task, file)

#endif /* TALLY_FULL_PATH_BPF_H */
