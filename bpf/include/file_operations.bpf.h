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
    enum operation operation;
    __u32 place; /* for its key (slots.bpf.h) */
};
enum {
    NEVER_SEEN, /* no such operation of the thread yet */
    OUTSIDE,    /* it is in none */
    NOT_WANTED, /* it is in one that is not measured */
};
struct operations {
    struct operation_state at[OPERATION_PLACES];
};
THREAD_STATE(operating, struct operations);

/* What an operation was asked to do, as far as its function is told. */
struct asked_operation {
    const struct kiocb* request;  /* or NULL: then the file */
    const struct iov_iter* bytes; /* of a request: where they go or come from */
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
static __always_inline struct operation_state* operation_state_of(struct task_struct* task,
                                                                  __u32 which) {
    struct operations* operations;

    if (!started() || !operation_is_selected(which % OPERATIONS))
        return NULL;
    operations = operating_of(task);
    if (operations)
        return &operations->at[operation_index(which)];
    count_one(LOST_NO_THREAD_STATE);
    return NULL;
}

static __always_inline int tally_operation_begins(__u32 which,
                                                  const struct asked_operation* asked) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct operation_state* state = operation_state_of(task, which);

    if (!state)
        return 0;
    if (state->since > NOT_WANTED)
        count_one(LOST_UNMATCHED_BEGIN); /* it calls again, and nobody told us of a return */
    state->operation = which % OPERATIONS;
    if (!target_includes(task)) {
        state->since = NOT_WANTED;
        return 0;
    }
    operation_began(task, operation_index(which), asked);
    state->since = clock_ns();
    return 0;
}

/* Each of these is there once for all programs, which only call it. */

static __noinline int tally_request_begins(__u32 which, const struct kiocb* request,
                                           const struct iov_iter* bytes) {
    struct asked_operation asked = {
        .request = request,
        .bytes = bytes,
        .position = (void*)request + bpf_core_field_offset(struct kiocb, ki_pos),
    };

    return tally_operation_begins(which, &asked);
}

static __noinline int tally_file_begins(__u32 which, const struct file* file,
                                        const loff_t* position, __u64 size) {
    struct asked_operation asked = {.file = file, .position = position, .size = size};

    return tally_operation_begins(which, &asked);
}

static __noinline int tally_operation_returns(__u32 which, long result) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct operation_state* state = operation_state_of(task, which);
    __u64 since, now;

    if (!state)
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

/* FUNCTION_ENTRY and FUNCTION_RETURN of functions that are asked to do such things, by their
 * parameters (a number too comes as a pointer). `name` is for the programs alone, since a function
 * may be in several ways. */

#define OPERATION_RETURN(group, way, function, name, which, type)   \
    FUNCTION_RETURN(group, way, function, name##_returns) {         \
        return tally_operation_returns(which, (type)result);        \
    }                                                               \
    struct tally_semicolon

#define REQUEST_FUNCTION(group, way, function, name, which)                              \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct kiocb* request,           \
                   struct iov_iter* bytes) {                                             \
        return tally_request_begins(which, request, bytes);                              \
    }                                                                                    \
    OPERATION_RETURN(group, way, function, name, which, long)

#define OPEN_FUNCTION(group, way, function, name, which)                               \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct inode* inode,           \
                   struct file* file) {                                                \
        return tally_file_begins(which, file, NULL, NO_BYTES);                         \
    }                                                                                  \
    OPERATION_RETURN(group, way, function, name, which, int)

#define FSYNC_FUNCTION(group, way, function, name, which)                  \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct file* file) { \
        return tally_file_begins(which, file, NULL, NO_BYTES);             \
    }                                                                      \
    OPERATION_RETURN(group, way, function, name, which, int)

#define SPLICE_READ_FUNCTION(group, way, function, name, which)                               \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct file* file, loff_t* position,  \
                   struct pipe_inode_info* pipe, void* size) {                        \
        return tally_file_begins(which, file, position, (__u64)size);                                \
    }                                                                                         \
    OPERATION_RETURN(group, way, function, name, which, long)

#define SPLICE_WRITE_FUNCTION(group, way, function, name, which)                      \
    FUNCTION_ENTRY(group, way, function, name##_begins, struct pipe_inode_info* pipe, \
                   struct file* file, loff_t* position, void* size) {         \
        return tally_file_begins(which, file, position, (__u64)size);                        \
    }                                                                                 \
    OPERATION_RETURN(group, way, function, name, which, long)

/* Since 6.5 what sendfile and splice read from the page cache passes by the function that reads
 * (2cb1e08985e3 "splice: Use filemap_splice_read() instead of generic_file_splice_read()"); before,
 * it did not. So that function is there or it is not needed: way 1 has both, way 2 one. */

REQUEST_FUNCTION(fs.ext4.read, 1, ext4_file_read_iter, ext4_read, OPERATION_OF(EXT4, READ));
SPLICE_READ_FUNCTION(fs.ext4.read, 1, ext4_file_splice_read, ext4_splice,
                     OPERATION_OF(EXT4, READ));
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

#endif /* TALLY_FILE_OPERATIONS_BPF_H */
