// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// fsdist: the time from the entry of a file system's function to its return. With --events, as
// fsslower: each operation, with its file.
#include "file_operations.bpf.h"
#include "full_path.bpf.h"

TRACER("Latency of file system reads, writes, opens and fsyncs");
BY("container,fs,operation");
OPTION(__u64, min_us, 0, "leave out operations shorter than N microseconds");

const volatile bool by_fs = true;
const volatile bool by_operation = true;

struct operation_key {
    struct subject subject;
    enum file_system fs;
    enum operation operation;
};
HISTOGRAM(operations, struct operation_key, duration_ns,
          "time from the entry of an operation of a file system to its return");

static __always_inline struct operation_key operation_key_of(struct task_struct* task,
                                                             enum file_system fs,
                                                             enum operation operation) {
    struct operation_key key = {.subject = subject_of(task)};

    if (by_fs)
        key.fs = fs;
    if (by_operation)
        key.operation = operation;
    return key;
}

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
ONLY_EVENTS(asking);

static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* operation) {
    const struct kiocb* request = operation->request;
    const struct iov_iter* buffers = operation->buffers;
    struct all_asked* all = tells_events() ? asking_of(task) : NULL;
    struct asked* asked;

    if (!all)
        return;
    asked = &all->at[index];
    asked->file = request ? BPF_CORE_READ(request, ki_filp) : operation->file;
    asked->size = request ? BPF_CORE_READ(buffers, count) : operation->size;
    asked->position = operation->position;
}

// For a failed operation, the offset at which it would have begun.
static __always_inline __u64 offset_of(const struct asked* asked, long result) {
    loff_t now;

    // A request that continues asynchronously belongs to another thread by now.
    if (!asked->position || result == GOES_ON ||
        bpf_probe_read_kernel(&now, sizeof(now), asked->position))
        return NO_BYTES;
    return result > 0 ? now - result : now;
}

static __always_inline void tell_operation(const struct ended_operation* ended) {
    struct all_asked* all = pair_state(asking, ended->task);
    struct slow_operation_event* event;
    struct asked* asked;

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
    // A request that continues asynchronously may be complete by now, and its file freed.
    if (ended->result != GOES_ON)
        event_path_of_file(slow_operations, event, path, ended->task, asked->file);
    event_submit(slow_operations, event);
}

static __always_inline void operation_ended(const struct ended_operation* ended) {
    if (min_us && ended->duration / 1000 < min_us)
        return;
    if (tells_events())
        tell_operation(ended);
    else
        histogram_add(operations, operation_key_of(ended->task, ended->fs, ended->operation),
                      ended->duration, ended->place);
}

IN_FLIGHT_EACH(operations, OPERATION_PLACES, task, key, index) {
    struct operations* all = operating_of(task);
    __u64 age = all ? operation_age(task, &all->at[index]) : 0;

    if (age)
        *key = operation_key_of(task, index / 2, all->at[index].operation);
    return age;
}
