// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// ovlcopyup: copy-ups of files and directories by overlayfs, from begin to end.
#include "call_mark.bpf.h"
#include "dentry_path.bpf.h"
#include "file_type.bpf.h"
#include "probes.bpf.h"

TRACER("Overlayfs copy-ups: latency, size and cause");
BY("container,kind");

// What was copied, or should have been.
enum kind {
    FILE,       // a regular file, whole
    METADATA,   // only the metadata of a regular file (metacopy=on)
    DATA,       // the data of a file whose metadata was copied before
    LINK,       // another name of a file that was copied before (index=on)
    DIRECTORY,  // without its contents
    SYMLINK,
    SPECIAL,  // a device, a FIFO, a socket
    WAIT,     // nothing: this thread waited for another one that copied it
};

struct copy_up_event {
    struct event_head head;
    duration_ns duration_ns;
    enum kind kind;
    syscall_nr why;
    errno_nr error;
    bytes size;    // of the file in the lower layer
    bytes copied;  // of these bytes
    __u64 device;  // of the overlay, as in stat(2)
    path path;     // from the overlay's root
};
EVENTS(copies, struct copy_up_event, "files and directories that overlayfs copies up");

struct copy_up_key {
    struct subject subject;
    enum kind kind;
    syscall_nr why;
};
HISTOGRAM(copy_ups, struct copy_up_key, duration_ns, "time that copying up takes");

struct copy_up_counts {
    bytes bytes;
    __u64 copy_ups;
    __u64 failed;
};
COUNTS(copied, struct copy_up_key, struct copy_up_counts, "what was copied up");

const volatile bool by_kind = true;
const volatile bool by_why = false;

// The copy-up that a thread is in.
struct copy_up {
    __u64 since;  // the clock at its beginning, or as in pairing.bpf.h
    struct dentry* dentry;
    __u64 copied;  // bytes so far
    bool waited;   // another thread has copied it
    bool is_made;  // the file in the upper layer is new
    bool has_data;
    bool truncates;  // so there is no data to copy
    __u32 mark;      // of the call in which it began (call_mark.bpf.h)
};
THREAD_STATE(copying, struct copy_up);

#define O_TRUNC 01000  // include/uapi/asm-generic/fcntl.h

// The measured copy-up that the current thread is in, or NULL.
static __always_inline struct copy_up* measured(void) {
    struct copy_up* copy_up;

    if (!started())
        return NULL;
    copy_up = copying_of(current_task());
    return copy_up && pair_is_open(copy_up->since) ? copy_up : NULL;
}

static __always_inline struct inode* inode_of(const struct copy_up* copy_up) {
    struct dentry* dentry = copy_up->dentry;

    return BPF_CORE_READ(dentry, d_inode);
}

// `inode` is that of the overlay; it has the size, mode and link count of the one in the lower
// layer.
static __always_inline enum kind kind_of(const struct copy_up* copy_up, const struct inode* inode,
                                         int error) {
    __u32 type = file_type_of(inode);
    __u64 size = copy_up->truncates ? 0 : BPF_CORE_READ(inode, i_size);

    if (copy_up->waited)
        return WAIT;
    if (type != S_IFREG)
        return type == S_IFDIR ? DIRECTORY : type == S_IFLNK ? SYMLINK : SPECIAL;
    if (copy_up->is_made)
        return copy_up->has_data || !size || error ? FILE : METADATA;
    if (copy_up->has_data)
        return DATA;
    if (error)
        return FILE;
    return BPF_CORE_READ(inode, i_nlink) > 1 ? LINK : DATA;
}

static __always_inline struct copy_up_key key_of(struct task_struct* task, enum kind kind) {
    struct copy_up_key key = {.subject = subject_of(task)};

    if (by_kind)
        key.kind = kind;
    if (by_why)
        key.why = call_in_progress(task);
    return key;
}

// The number of a device as new_encode_dev() of include/linux/kdev_t.h encodes it.
static __always_inline __u64 device_of(const struct inode* inode) {
    __u32 device = BPF_CORE_READ(inode, i_sb, s_dev);
    __u32 minor = device & 0xfffff;

    return (minor & 0xff) | (device >> 20) << 8 | (minor & ~0xffU) << 12;
}

// Called once for each file and directory that is not in the upper layer yet; for a file opened for
// writing: from the topmost of its directories down to the file itself.
FUNCTION_ENTRY(copy_up, 1, ovl_copy_up_one, on_begin, struct dentry* parent, struct dentry* dentry,
               void* flags) {
    struct task_struct* task = current_task();
    struct copy_up* copy_up;

    if (!started())
        return 0;
    copy_up = pair_state(copying, task);
    if (!copy_up)
        return 0;
    pair_begin(&copy_up->since);
    if (!target_includes(task))
        return 0;
    copy_up->dentry = dentry;
    copy_up->copied = 0;
    copy_up->waited = copy_up->is_made = copy_up->has_data = false;
    copy_up->truncates = (__u64)flags & O_TRUNC;
    copy_up->mark = call_mark_of(task);
    copy_up->since = clock_ns();
    return 0;
}

// Waits for another thread that is copying up the same file; the result is 1 if that thread has
// copied it.
FUNCTION_RETURN(copy_up, 1, ovl_copy_up_start, on_turn) {
    struct copy_up* copy_up = measured();

    if (copy_up)
        copy_up->waited = (int)result > 0;
    return 0;
}

// Called before anything is created in the upper layer.
FUNCTION_ENTRY(copy_up, 1, security_inode_copy_up, on_make) {
    struct copy_up* copy_up = measured();

    if (copy_up)
        copy_up->is_made = true;
    return 0;
}

FUNCTION_ENTRY(copy_up, 1, ovl_copy_up_file, on_data) {
    struct copy_up* copy_up = measured();

    if (copy_up)
        copy_up->has_data = true;
    return 0;
}

// Copies at most 1 MiB at a time. Holes are skipped, and data that the file systems can share is
// not copied.
FUNCTION_RETURN(copy_up, 1, do_splice_direct, on_piece) {
    struct copy_up* copy_up = measured();

    if (copy_up && copy_up->has_data && result > 0)
        copy_up->copied += result;
    return 0;
}

static __always_inline void tell(struct task_struct* task, const struct copy_up* copy_up, __u64 now,
                                 int error) {
    struct copy_up_event* event = event_begin(copies, task, now);
    struct inode* inode = inode_of(copy_up);

    if (!event)
        return;
    event->duration_ns = now - copy_up->since;
    event->kind = kind_of(copy_up, inode, error);
    event->why = call_in_progress(task);
    event->error = -error;
    event->size = file_type_of(inode) == S_IFREG ? BPF_CORE_READ(inode, i_size) : NO_BYTES;
    event->copied = copy_up->copied;
    event->device = device_of(inode);
    event_dentry_path(copies, event, path, copy_up->dentry);
    event_submit(copies, event);
}

static __always_inline void count(struct task_struct* task, const struct copy_up* copy_up,
                                  __u64 now, int error) {
    struct inode* inode = inode_of(copy_up);
    struct copy_up_key key = key_of(task, kind_of(copy_up, inode, error));
    struct copy_up_counts* counts = counts_of(copied, key, NULL);

    histogram_add(copy_ups, key, now - copy_up->since, NULL);
    if (!counts)
        return;
    count_up(&counts->copy_ups, 1);
    count_up(&counts->bytes, copy_up->copied);
    if (error)
        count_up(&counts->failed, 1);
}

FUNCTION_RETURN(copy_up, 1, ovl_copy_up_one, on_end) {
    struct task_struct* task = current_task();
    struct copy_up* copy_up;
    struct copy_up ended;
    __u64 now, duration;

    if (!started())
        return 0;
    copy_up = copying_of(task);
    if (!copy_up)
        return 0;  // counted where it began
    ended = *copy_up;
    ended.since = pair_end(&copy_up->since, task);
    if (!ended.since)
        return 0;
    now = clock_ns();
    if (!pair_duration(ended.since, now, &duration))
        return 0;
    if (tells_events())
        tell(task, &ended, now, (int)result);
    else
        count(task, &ended, now, (int)result);
    return 0;
}

// A new thread is not copying anything up. If the previous thread with its number left an open
// copy-up, the end of that was not seen.
SEC("tp_btf/task_newtask")
int BPF_PROG(on_new_thread, struct task_struct* task) {
    struct copy_up* copy_up = started() ? copying_of(task) : NULL;

    if (!copy_up)
        return 0;  // counted when it copies something up
    pair_close(&copy_up->since);
    return 0;
}

IN_FLIGHT(copy_ups, task, key) {
    struct copy_up* copy_up = copying_of(task);
    __u64 age;

    if (!copy_up || !pair_is_open(copy_up->since))
        return 0;
    age = age_in_call(task, &copy_up->since, copy_up->mark);
    if (age)
        *key = key_of(task, kind_of(copy_up, inode_of(copy_up), 0));
    return age;
}
