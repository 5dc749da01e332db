/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Operations of file systems on regular files: every read, write, open and fsync, from the entry of
 * the file system's own function to its return, whatever the origin: read(2), readv, io_uring, AIO,
 * sendfile, exec, or another file system. A tracer includes this file and defines operation_began()
 * and operation_ended().
 *
 * An overlay calls the file system below in the same thread: that is an operation of each of them.
 * A write to a file that was opened with O_SYNC or O_DSYNC calls fsync inside
 * (generic_write_sync() of include/linux/fs.h). So a thread may be in two operations of one file
 * system, and the inner one is an fsync.
 */
#ifndef TALLY_FILE_OPERATIONS_BPF_H
#define TALLY_FILE_OPERATIONS_BPF_H

#include "call_mark.bpf.h"
#include "file_type.bpf.h"
#include "probes.bpf.h"

/* A tracer that also measures something else may define TALLY_FILE_OPERATIONS_ARE_OPTIONAL before
 * it includes this file: it then has no option --fs, and runs without the operations that the
 * kernel does not let it probe. */
#ifdef TALLY_FILE_OPERATIONS_ARE_OPTIONAL
#define TALLY_OPTIONAL_OPERATION(fs_name, operation)                        \
    OPTIONAL_PROBES_NAMED(fs_##fs_name##_##operation, fs.fs_name.operation, \
                          #operation " of " #fs_name)
#define TALLY_OPTIONAL_FILE_SYSTEM(fs_name)   \
    TALLY_OPTIONAL_OPERATION(fs_name, read);  \
    TALLY_OPTIONAL_OPERATION(fs_name, write); \
    TALLY_OPTIONAL_OPERATION(fs_name, open);  \
    TALLY_OPTIONAL_OPERATION(fs_name, fsync)
TALLY_OPTIONAL_FILE_SYSTEM(ext4);
TALLY_OPTIONAL_FILE_SYSTEM(xfs);
TALLY_OPTIONAL_FILE_SYSTEM(btrfs);
TALLY_OPTIONAL_FILE_SYSTEM(nfs);
TALLY_OPTIONAL_FILE_SYSTEM(overlay);
#else
CHOICE(fs, "only these file systems");
#endif

enum file_system { EXT4, XFS, BTRFS, NFS, OVERLAY };
#define FILE_SYSTEMS 5

enum operation { READ, WRITE, OPEN, FSYNC };
#define OPERATIONS 4

SELECTION(operation, enum operation, "",
          "only this operation: read, write, open or fsync; repeatable");

/* How many operations a thread can be in at once, each with a place of its own. */
#define OPERATION_PLACES (2 * FILE_SYSTEMS)

struct operation_state {
    __u64 since; /* the clock at the entry, or as in pairing.bpf.h */
    __u32 operation : 2;
    __u32 mark : 30; /* of the call in which it began (call_mark.bpf.h) */
    __u32 place;     /* for its key (slots.bpf.h) */
};
struct operations {
    struct operation_state at[OPERATION_PLACES];
    const struct file* opening; /* of NFS */
};
THREAD_STATE(operating, struct operations);

/* The request for an operation, as far as the parameters of its function show it. */
struct asked_operation {
    const struct kiocb* request;    /* NULL: there is only the file */
    const struct iov_iter* buffers; /* of a request: where bytes go or come from */
    const struct file* file;
    const loff_t* position; /* NULL: it has none */
    __u64 size;             /* if there is no request; NO_BYTES: it has none */
};

/* A returned operation of the current thread. */
struct ended_operation {
    struct task_struct* task;
    enum file_system fs;
    enum operation operation;
    __u32 index; /* of its place */
    long result; /* bytes or 0; or an error, negative */
    __u64 duration;
    __u64 now;    /* the clock */
    __u32* place; /* for its key */
};

/* The result of a read or write that continues after its return (AIO, io_uring): -EIOCBQUEUED,
 * include/linux/errno.h. */
#define GOES_ON (-529)

/* Defined by the tracer: a measured operation begins, in the thread's place `index`. */
static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* asked);

/* Defined by the tracer: a measured operation has ended. */
static __always_inline void operation_ended(const struct ended_operation* ended);

/* File system and operation of a program in one number, below FILE_SYSTEMS * OPERATIONS. */
#define OPERATION_OF(fs, operation) ((fs)*OPERATIONS + (operation))

static __always_inline __u32 operation_index(__u32 which) {
    return which / OPERATIONS * 2 + (which % OPERATIONS == FSYNC);
}

/* NULL before the start, and if there is no state for the thread, which is counted. */
static __always_inline struct operations* operations_of(struct task_struct* task, __u32 which) {
    if (!started() || !operation_is_selected(which % OPERATIONS))
        return NULL;
    return pair_state(operating, task);
}

static __always_inline struct operation_state* operation_state_of(struct task_struct* task,
                                                                  __u32 which) {
    struct operations* operations = operations_of(task, which);

    return operations ? &operations->at[operation_index(which)] : NULL;
}

/* Some functions open and sync directories too. A request never has a directory, and a file that is
 * yet to be looked up (nfs_atomic_open()) has no inode. */
static __always_inline bool tally_is_directory(const struct file* file) {
    return file && file_type_of(BPF_CORE_READ(file, f_inode)) == S_IFDIR;
}

static __always_inline int tally_operation_begins(__u32 which,
                                                  const struct asked_operation* asked) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct operations* operations = operations_of(task, which);
    struct operation_state* state;

    if (!operations)
        return 0;
    state = &operations->at[operation_index(which)];
    if (which == OPERATION_OF(NFS, OPEN))
        operations->opening = asked->file;
    pair_unmatched_begin(state->since); /* the return was not seen */
    state->operation = which % OPERATIONS;
    if (!target_includes(task) || tally_is_directory(asked->file)) {
        state->since = PAIR_NOT_WANTED;
        return 0;
    }
    operation_began(task, operation_index(which), asked);
    state->mark = call_mark_of(task);
    state->since = clock_ns();
    return 0;
}

/* Not inlined: all programs share one copy of each. */

static __noinline int tally_request_begins(__u32 which, const struct kiocb* request,
                                           const struct iov_iter* buffers) {
    struct asked_operation asked = {
        .request = request,
        .buffers = buffers,
        .position = (void*)request + bpf_core_field_offset(struct kiocb, ki_pos),
    };

    return tally_operation_begins(which, &asked);
}

static __noinline int tally_file_begins(__u32 which, const struct file* file,
                                        const loff_t* position, __u64 size) {
    struct asked_operation asked = {.file = file, .position = position, .size = size};

    return tally_operation_begins(which, &asked);
}

/* With `others`, the function returns for other file systems too, whose entry was ignored. */
static __noinline int tally_operation_returns(__u32 which, long result, bool others) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct operation_state* state = operation_state_of(task, which);
    __u64 since, now, duration;

    if (!state || (others && state->since <= PAIR_OUTSIDE))
        return 0;
    since = pair_take(&state->since);
    if (pair_is_open(since) && state->operation != which % OPERATIONS)
        since = PAIR_OUTSIDE; /* what is open is another operation */
    if (!pair_is_open(since)) {
        pair_unmatched_end(since, since == PAIR_OUTSIDE || target_includes(task));
        return 0;
    }
    now = clock_ns();
    if (!pair_duration(since, now, &duration))
        return 0;
    struct ended_operation ended = {
        .task = task,
        .fs = which / OPERATIONS,
        .operation = which % OPERATIONS,
        .index = operation_index(which),
        .result = result,
        .duration = duration,
        .now = now,
        .place = &state->place,
    };
    operation_ended(&ended);
    return 0;
}

/* For how long a thread has been in the operation at that place; 0 if it is in none. */
static __always_inline __u64 operation_age(struct task_struct* task,
                                           struct operation_state* state) {
    return pair_is_open(state->since) ? age_in_call(task, &state->since, state->mark) : 0;
}

/* A new thread is in no operation. If the previous thread with its number left an open one, the
 * return of that was not seen. */
SEC("tp_btf/task_newtask")
int BPF_PROG(tally_new_thread, struct task_struct* task) {
    struct operations* operations = started() ? operating_of(task) : NULL;
    __u32 index;

    if (!operations)
        return 0; /* counted when it begins something */
    for (index = 0; index < OPERATION_PLACES; index++)
        pair_close(&operations->at[index].since);
    return 0;
}

/* FUNCTION_ENTRY and FUNCTION_RETURN by the parameters of the function (numbers come as pointers
 * too). `name` is the programs' own, as a function may belong to several ways. */

#define OPERATION_RETURN(group, way, function, name, which, type)   \
    FUNCTION_RETURN(group, way, function, name##_returns) {         \
        return tally_operation_returns(which, (type)result, false); \
    }                                                               \
    struct tally_semicolon

#define REQUEST_FUNCTION(group, way, function, name, which)                    \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct kiocb* request, \
                   struct iov_iter* buffers) {                                 \
        return tally_request_begins(which, request, buffers);                  \
    }                                                                          \
    OPERATION_RETURN(group, way, function, name, which, long)

#define OPEN_FUNCTION(group, way, function, name, which)                                          \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct inode* inode, struct file* file) { \
        return tally_file_begins(which, file, NULL, NO_BYTES);                                    \
    }                                                                                             \
    OPERATION_RETURN(group, way, function, name, which, int)

#define FSYNC_FUNCTION(group, way, function, name, which)                    \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct file* file) { \
        return tally_file_begins(which, file, NULL, NO_BYTES);               \
    }                                                                        \
    OPERATION_RETURN(group, way, function, name, which, int)

#define SPLICE_READ_FUNCTION(group, way, function, name, which)                              \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct file* file, loff_t* position, \
                   struct pipe_inode_info* pipe, void* size) {                               \
        return tally_file_begins(which, file, position, (__u64)size);                        \
    }                                                                                        \
    OPERATION_RETURN(group, way, function, name, which, long)

#define SPLICE_WRITE_FUNCTION(group, way, function, name, which)                      \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct pipe_inode_info* pipe, \
                   struct file* file, loff_t* position, void* size) {                 \
        return tally_file_begins(which, file, position, (__u64)size);                 \
    }                                                                                 \
    OPERATION_RETURN(group, way, function, name, which, long)

/*
 * Reads need two functions where splice and sendfile have their own: since 6.5 these take pages
 * from the cache (2cb1e08985e3 "splice: Use filemap_splice_read() instead of
 * generic_file_splice_read()"), before that they called the function for reads. Writes need one
 * function, overlays two.
 */

REQUEST_FUNCTION(fs.ext4.read, 1, ext4_file_read_iter, ext4_read, OPERATION_OF(EXT4, READ));
SPLICE_READ_FUNCTION(fs.ext4.read, 1, ext4_file_splice_read, ext4_splice, OPERATION_OF(EXT4, READ));
REQUEST_FUNCTION(fs.ext4.read, 2, ext4_file_read_iter, ext4_read_all, OPERATION_OF(EXT4, READ));
REQUEST_FUNCTION(fs.ext4.write, 1, ext4_file_write_iter, ext4_write, OPERATION_OF(EXT4, WRITE));
OPEN_FUNCTION(fs.ext4.open, 1, ext4_file_open, ext4_open, OPERATION_OF(EXT4, OPEN));
FSYNC_FUNCTION(fs.ext4.fsync, 1, ext4_sync_file, ext4_fsync, OPERATION_OF(EXT4, FSYNC));

REQUEST_FUNCTION(fs.xfs.read, 1, xfs_file_read_iter, xfs_read, OPERATION_OF(XFS, READ));
SPLICE_READ_FUNCTION(fs.xfs.read, 1, xfs_file_splice_read, xfs_splice, OPERATION_OF(XFS, READ));
REQUEST_FUNCTION(fs.xfs.read, 2, xfs_file_read_iter, xfs_read_all, OPERATION_OF(XFS, READ));
REQUEST_FUNCTION(fs.xfs.write, 1, xfs_file_write_iter, xfs_write, OPERATION_OF(XFS, WRITE));
OPEN_FUNCTION(fs.xfs.open, 1, xfs_file_open, xfs_open, OPERATION_OF(XFS, OPEN));
FSYNC_FUNCTION(fs.xfs.fsync, 1, xfs_file_fsync, xfs_fsync, OPERATION_OF(XFS, FSYNC));

/* Until after 6.18 btrfs had no function of its own for splice; in the common one, the file says
 * whether it is of btrfs. */
#define TALLY_BTRFS_MAGIC 0x9123683EUL /* BTRFS_SUPER_MAGIC, include/uapi/linux/magic.h */

REQUEST_FUNCTION(fs.btrfs.read, 1, btrfs_file_read_iter, btrfs_read, OPERATION_OF(BTRFS, READ));
SPLICE_READ_FUNCTION(fs.btrfs.read, 1, btrfs_file_splice_read, btrfs_splice,
                     OPERATION_OF(BTRFS, READ));
REQUEST_FUNCTION(fs.btrfs.read, 2, btrfs_file_read_iter, btrfs_read_beside,
                 OPERATION_OF(BTRFS, READ));
FUNCTION_ENTRY(fs.btrfs.read, 2, filemap_splice_read, any_splice_begins, struct file* file,
               loff_t* position, struct pipe_inode_info* pipe, void* size) {
    if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != TALLY_BTRFS_MAGIC)
        return 0;
    return tally_file_begins(OPERATION_OF(BTRFS, READ), file, position, (__u64)size);
}
FUNCTION_RETURN(fs.btrfs.read, 2, filemap_splice_read, any_splice_returns) {
    return tally_operation_returns(OPERATION_OF(BTRFS, READ), result, true);
}
REQUEST_FUNCTION(fs.btrfs.read, 3, btrfs_file_read_iter, btrfs_read_all, OPERATION_OF(BTRFS, READ));
REQUEST_FUNCTION(fs.btrfs.write, 1, btrfs_file_write_iter, btrfs_write, OPERATION_OF(BTRFS, WRITE));
OPEN_FUNCTION(fs.btrfs.open, 1, btrfs_file_open, btrfs_open, OPERATION_OF(BTRFS, OPEN));
FSYNC_FUNCTION(fs.btrfs.fsync, 1, btrfs_sync_file, btrfs_fsync, OPERATION_OF(BTRFS, FSYNC));

/*
 * NFS version 4, in a module that is loaded when used, opens files by a function of its own, or by
 * nfs_atomic_open() if the client does not know enough about them. The latter has the server look
 * up and open the file in one step, or finds nothing to open: then it is not an open, or the open
 * is yet to come. Earlier versions open inside their own variant (nfs_atomic_open_v23()).
 */
#define TALLY_FMODE_OPENED 0x80000 /* FMODE_OPENED, include/linux/fs.h */

FUNCTION_ENTRY(fs.nfs.open, 1, nfs_atomic_open, nfs_atomic_begins, struct inode* directory,
               struct dentry* entry, struct file* file) {
    return tally_file_begins(OPERATION_OF(NFS, OPEN), file, NULL, NO_BYTES);
}

/* Whether it was not an open; if so, ends it. A function of its own, as the verifier adds up the
 * stacks of functions that call each other. */
static __noinline int tally_nfs_opened_nothing(int result) {
    const __u32 which = OPERATION_OF(NFS, OPEN);
    struct operations* operations = operations_of(bpf_get_current_task_btf(), which);
    struct operation_state* state;
    const struct file* opening;

    if (!operations || result != 0)
        return 0;
    state = &operations->at[operation_index(which)];
    opening = operations->opening;
    if (!pair_is_open(state->since) || BPF_CORE_READ(opening, f_mode) & TALLY_FMODE_OPENED)
        return 0;
    state->since = PAIR_OUTSIDE;
    return 1;
}

FUNCTION_RETURN(fs.nfs.open, 1, nfs_atomic_open, nfs_atomic_returns) {
    if (tally_nfs_opened_nothing(result))
        return 0;
    return tally_operation_returns(OPERATION_OF(NFS, OPEN), (int)result, false);
}

REQUEST_FUNCTION(fs.nfs.read, 1, nfs_file_read, nfs_read, OPERATION_OF(NFS, READ));
SPLICE_READ_FUNCTION(fs.nfs.read, 1, nfs_file_splice_read, nfs_splice, OPERATION_OF(NFS, READ));
REQUEST_FUNCTION(fs.nfs.read, 2, nfs_file_read, nfs_read_all, OPERATION_OF(NFS, READ));
REQUEST_FUNCTION(fs.nfs.write, 1, nfs_file_write, nfs_write, OPERATION_OF(NFS, WRITE));
OPEN_FUNCTION(fs.nfs.open, 1, nfs_file_open, nfs_open_before_4, OPERATION_OF(NFS, OPEN));
OPEN_FUNCTION(fs.nfs.open, 1, nfs4_file_open, nfs_open_4, OPERATION_OF(NFS, OPEN));
OPEN_FUNCTION(fs.nfs.open, 2, nfs_file_open, nfs_open_all, OPERATION_OF(NFS, OPEN));
FSYNC_FUNCTION(fs.nfs.fsync, 1, nfs_file_fsync, nfs_fsync, OPERATION_OF(NFS, FSYNC));

REQUEST_FUNCTION(fs.overlay.read, 1, ovl_read_iter, overlay_read, OPERATION_OF(OVERLAY, READ));
SPLICE_READ_FUNCTION(fs.overlay.read, 1, ovl_splice_read, overlay_splice,
                     OPERATION_OF(OVERLAY, READ));
REQUEST_FUNCTION(fs.overlay.read, 2, ovl_read_iter, overlay_read_all, OPERATION_OF(OVERLAY, READ));
REQUEST_FUNCTION(fs.overlay.write, 1, ovl_write_iter, overlay_write, OPERATION_OF(OVERLAY, WRITE));
SPLICE_WRITE_FUNCTION(fs.overlay.write, 1, ovl_splice_write, overlay_splice_out,
                      OPERATION_OF(OVERLAY, WRITE));
OPEN_FUNCTION(fs.overlay.open, 1, ovl_open, overlay_open, OPERATION_OF(OVERLAY, OPEN));
FSYNC_FUNCTION(fs.overlay.fsync, 1, ovl_fsync, overlay_fsync, OPERATION_OF(OVERLAY, FSYNC));

#endif /* TALLY_FILE_OPERATIONS_BPF_H */
