// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// fsslower: each slow operation of a file system, with its file.
#include "file_operations.bpf.h"
#include "full_path.bpf.h"

TRACER("Slow file system reads, writes, opens and fsyncs, with their files");
OPTION(__u64, min_us, 10000, "leave out operations shorter than N microseconds");

struct slow_operation_event {
    struct event_head head;
    enum file_system fs;
    enum operation operation;
    duration_ns duration_ns;
    bytes offset;
    bytes size;  // requested
    bytes done;
    errno_nr error;
    path path;
};
EVENTS(slow_operations, struct slow_operation_event, "operations of file systems that take long");

// The request of an operation that has begun.
struct asked {
    const struct file* file;
    const loff_t* position;
    __u64 size;
};
struct all_asked {
    struct asked at[OPERATION_PLACES];
};
THREAD_STATE(asking, struct all_asked);

static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* operation) {
    const struct kiocb* request = operation->request;
    const struct iov_iter* buffers = operation->buffers;
    struct all_asked* all = asking_of(task);
    struct asked* asked;

    if (!all)
        return;
    asked = &all->at[index];
    asked->file = request ? BPF_CORE_READ(request, ki_filp) : operation->file;
    asked->size = request ? BPF_CORE_READ(buffers, count) : operation->size;
    asked->position = operation->position;
}

// Of a failed operation, the offset at which it was to begin.
static __always_inline __u64 offset_of(const struct asked* asked, long result) {
    loff_t now;

    // A request that goes on belongs to another thread by now.
    if (!asked->position || result == GOES_ON ||
        bpf_probe_read_kernel(&now, sizeof(now), asked->position))
        return NO_BYTES;
    return result > 0 ? now - result : now;
}

static __always_inline void operation_ended(const struct ended_operation* ended) {
    struct slow_operation_event* event;
    struct all_asked* all;
    struct asked* asked;

    if (min_us && ended->duration / 1000 < min_us)
        return;
    all = pair_state(asking, ended->task);
    if (!all)
        return;
    asked = &all->at[ended->index];
    event = event_begin(slow_operations, ended->task, ended->now);
    if (!event)
        return;
    event->fs = ended->fs;
    event->operation = ended->operation;
    event->duration_ns = ended->duration;
    event->offset = offset_of(asked, ended->result);
    event->size = asked->size;
    event->done = ended->result < 0 || asked->size == NO_BYTES ? NO_BYTES : ended->result;
    event->error = ended->result < 0 && ended->result != GOES_ON ? -ended->result : 0;
    // A request that goes on may be complete by now, and its file gone.
    if (ended->result != GOES_ON)
        event_path_of_file(slow_operations, event, path, ended->task, asked->file);
    event_submit(slow_operations, event);
}
