/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What file systems are asked to do with regular files: every read, write, open and fsync, from the
 * entry of the file system's own function to its return. So it does not matter who asks: read(2),
 * readv, io_uring, AIO, sendfile, exec, or another file system. A tracer includes it and defines
 * operation_began() and operation_ended().
 *
 * An overlay calls the file system below in the same thread: that is an operation of each of them.
 * A write to a file that was opened with O_SYNC or O_DSYNC calls fsync inside
 * (generic_write_sync() of include/linux/fs.h). So a thread may be in two operations of one file
 * system, the inner of which is fsync.
 */
#ifndef TALLY_FILE_OPERATIONS_BPF_H
#define TALLY_FILE_OPERATIONS_BPF_H

#include "call_mark.bpf.h"
#include "file_type.bpf.h"
#include "probes.bpf.h"

CHOICE(fs, "only these file systems");

enum file_system { EXT4, XFS, BTRFS, NFS, OVERLAY };
#define FILE_SYSTEMS 5

enum operation { READ, WRITE, OPEN, FSYNC };
#define OPERATIONS 4

SELECTION(operation, enum operation, "", "only this: read, write, open or fsync; repeatable");

/* A thread is in so many operations at once, each with a place of its own. */
#define OPERATION_PLACES (2 * FILE_SYSTEMS)

struct operation_state {
    __u64 since; /* the clock at the entry, or one of those below */
    __u32 operation : 2;
    __u32 mark : 30; /* of the call in which it began (call_mark.bpf.h) */
    __u32 place;     /* for its key (slots.bpf.h) */
};
enum {
    NEVER_SEEN, /* no such operation of the thread yet */
    OUTSIDE,    /* it is in none */
    NOT_WANTED, /* it is in one that is not measured */
};
struct operations {
    struct operation_state at[OPERATION_PLACES];
    const struct file* opening; /* of NFS */
};
THREAD_STATE(operating, struct operations);

/* What an operation was asked to do, as far as its function is told. */
struct asked_operation {
    const struct kiocb* request;    /* or NULL: then the file */
    const struct iov_iter* buffers; /* of a request: where bytes go or come from */
    const struct file* file;
    const loff_t* position; /* NULL: it has none */
    __u64 size;             /* if it is no request; NO_BYTES: it has none */
};

/* An operation of the current thread that has returned. */
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

/* The result of a read or write that goes on after its return (AIO, io_uring): -EIOCBQUEUED,
 * include/linux/errno.h. */
#define GOES_ON (-529)

/* The tracer's: an operation that is measured begins, at that place of the thread's. */
static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* asked);

/* The tracer's: it has ended. */
static __always_inline void operation_ended(const struct ended_operation* ended);

/* One of FILE_SYSTEMS * OPERATIONS, so that each program says in one number what it is for. */
#define OPERATION_OF(fs, operation) ((fs)*OPERATIONS + (operation))

static __always_inline __u32 operation_index(__u32 which) {
    return which / OPERATIONS * 2 + (which % OPERATIONS == FSYNC);
}

/* NULL before the start, and where there is no place to remember, which is a loss. */
static __always_inline struct operations* operations_of(struct task_struct* task, __u32 which) {
    struct operations* operations;

    if (!started() || !operation_is_selected(which % OPERATIONS))
        return NULL;
    operations = operating_of(task);
    if (!operations)
        count_one(LOST_NO_THREAD_STATE);
    return operations;
}

static __always_inline struct operation_state* operation_state_of(struct task_struct* task,
                                                                  __u32 which) {
    struct operations* operations = operations_of(task, which);

    return operations ? &operations->at[operation_index(which)] : NULL;
}

/* Some functions that open and sync files do so with directories too. A request is for none, and a
 * file that is yet to be looked up (nfs_atomic_open()) has no inode. */
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
    if (state->since > NOT_WANTED)
        count_one(LOST_UNMATCHED_BEGIN); /* it calls again, and nobody told us of a return */
    state->operation = which % OPERATIONS;
    if (!target_includes(task) || tally_is_directory(asked->file)) {
        state->since = NOT_WANTED;
        return 0;
    }
    operation_began(task, operation_index(which), asked);
    state->mark = call_mark_of(task);
    state->since = clock_ns();
    return 0;
}

/* Each of these is there once for all programs, which only call it. */

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

/* With `others`, the function is called for other file systems too, which have not begun here. */
static __noinline int tally_operation_returns(__u32 which, long result, bool others) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct operation_state* state = operation_state_of(task, which);
    __u64 since, now;

    if (!state || (others && state->since <= OUTSIDE))
        return 0;
    since = state->since;
    state->since = OUTSIDE;
    if (since == NOT_WANTED)
        return 0;
    if (since == NEVER_SEEN) {
        if (target_includes(task))
            count_one(BEFORE_ATTACH);
        return 0;
    }
    if (since == OUTSIDE || state->operation != which % OPERATIONS) {
        count_one(LOST_UNMATCHED_END);
        return 0;
    }
    now = clock_ns();
    if (now < since) {
        count_one(LOST_NEGATIVE_TIME);
        return 0;
    }
    struct ended_operation ended = {
        .task = task,
        .fs = which / OPERATIONS,
        .operation = which % OPERATIONS,
        .index = operation_index(which),
        .result = result,
        .duration = now - since,
        .now = now,
        .place = &state->place,
    };
    operation_ended(&ended);
    return 0;
}

/* For how long a thread has been in the operation at that place; 0: it is in none. */
static __always_inline __u64 operation_age(struct task_struct* task,
                                           struct operation_state* state) {
    if (state->since <= NOT_WANTED)
        return 0;
    return age_in_call(task, &state->since, state->mark, OUTSIDE);
}

/* A new thread is in no operation, whatever the last one of its number has left: of which nobody
 * told us the return. */
SEC("tp_btf/task_newtask")
int BPF_PROG(tally_new_thread, struct task_struct* task) {
    struct operations* operations = started() ? operating_of(task) : NULL;
    __u32 index;

    if (!operations)
        return 0; /* a loss when it begins something */
    for (index = 0; index < OPERATION_PLACES; index++) {
        if (operations->at[index].since > NOT_WANTED)
            count_one(LOST_UNMATCHED_BEGIN);
        operations->at[index].since = OUTSIDE;
    }
    return 0;
}

/* FUNCTION_ENTRY and FUNCTION_RETURN of functions that are asked to do such things, by their
 * parameters (a number too comes as a pointer). `name` is for the programs alone, since a function
 * may be in several ways. */

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
 * Reading is two functions where there is one for splice and sendfile: since 6.5 these take pages
 * from the cache (2cb1e08985e3 "splice: Use filemap_splice_read() instead of
 * generic_file_splice_read()"), before they called the one that reads. Writing is one but for
 * overlays.
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

/* btrfs had no function of its own for splice until after 6.18; the common one is asked whose file
 * it is. */
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
 * Version 4, in a module that is there if it is used, opens files by a function of its own, and by
 * nfs_atomic_open() those of which the client does not know enough: that asks the server to look up
 * and open at once, or finds that it is no file to be opened; then it is no open, or one is yet to
 * come. Versions before open within their own kind of that (nfs_atomic_open_v23()).
 */
#define TALLY_FMODE_OPENED 0x80000 /* FMODE_OPENED, include/linux/fs.h */

FUNCTION_ENTRY(fs.nfs.open, 1, nfs_atomic_open, nfs_atomic_begins, struct inode* directory,
               struct dentry* entry, struct file* file) {
    return tally_file_begins(OPERATION_OF(NFS, OPEN), file, NULL, NO_BYTES);
}

/* Whether it was no open; then it has ended. A function of its own, for the verifier adds up the
 * stacks of those that call each other. */
static __noinline int tally_nfs_opened_nothing(int result) {
    const __u32 which = OPERATION_OF(NFS, OPEN);
    struct operations* operations = operations_of(bpf_get_current_task_btf(), which);
    struct operation_state* state;
    const struct file* opening;

    if (!operations || result != 0)
        return 0;
    state = &operations->at[operation_index(which)];
    opening = operations->opening;
    if (state->since <= NOT_WANTED || BPF_CORE_READ(opening, f_mode) & TALLY_FMODE_OPENED)
        return 0;
    state->since = OUTSIDE;
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
