/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A tracer of those sources of events that are WITH_...: the same lines for each source, whether it
 * is alone in its object or beside the others.
 */
#define TALLY_FILE_OPERATIONS_ARE_OPTIONAL

#ifdef WITH_RUN_QUEUE
#include "run_queue.bpf.h"

HISTOGRAM(waits, struct subject, duration_ns, "waits for a CPU");

static __always_inline void wait_ended(struct task_struct* task, struct cpu_wait* wait,
                                       __u64 duration, __u64 now, struct task_struct* previous) {
    histogram_add(waits, subject_of(task), duration, &wait->place);
}
#endif

#ifdef WITH_SYSTEM_CALLS
#include "system_call.bpf.h"

struct call_counts {
    __u64 calls;
    __u64 errors;
};
COUNTS(calls, struct subject, struct call_counts, "system calls");

static __always_inline bool call_is_selected(syscall_nr number) {
    return true;
}

static __always_inline void wanted_call_returned(const struct returned_call* call) {
    struct call_counts* counts = counts_of(calls, subject_of(call->task), call->place);

    if (!counts)
        return;
    count_up(&counts->calls, 1);
    if (is_error(call->result))
        count_up(&counts->errors, 1);
}
#endif

#ifdef WITH_FILE_OPERATIONS
#include "file_operations.bpf.h"

HISTOGRAM(operations, struct subject, duration_ns, "operations of file systems");

static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* asked) {}

static __always_inline void operation_ended(const struct ended_operation* ended) {
    histogram_add(operations, subject_of(ended->task), ended->duration, ended->place);
}
#endif

#ifdef WITH_SOCKETS
#include "sockets.bpf.h"

struct connect_counts {
    __u64 opened;
};
COUNTS(connects, struct subject, struct connect_counts, "connections opened by connect()");

static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state) {
    struct task_struct* task = current_task();
    struct connection connection = {.is_included = true};
    struct connect_counts* counts;

    if (state == TCP_CLOSE)
        connection_forget(sk);
    if (state != TCP_SYN_SENT || !started() || !target_includes(task))
        return;
    connection.owner = event_head_of(task, 0);
    connection_begin(sk, &connection);
    counts = counts_of(connects, subject_of(task), NULL);
    if (counts)
        count_up(&counts->opened, 1);
}
#endif

#ifdef WITH_OBJECTS
#define OBJECTS_AT_ONCE 1024
#define OBJECTS_LIVE_SECONDS 300
#define OBJECTS_ASKED_BY(task) task
#include "object_state.h"
#endif
