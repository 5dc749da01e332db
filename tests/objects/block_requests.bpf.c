// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The example of docs/new-tool.md: from the start of a block request to its end.
#include "object_state.bpf.h"

TRACER("Block requests: how long they take");

struct io {
    struct subject subject;
};
OBJECT_STATE(requests, struct request*, struct io, 16384, 120);
HISTOGRAM(times, struct subject, duration_ns, "time from the start of a request to its end");
IN_FLIGHT_OF(times, requests, subject);

SEC("tp_btf/block_io_start")
int BPF_PROG(on_start, struct request* request) {
    struct task_struct* task = current_task();  // of what is written back: a thread of the kernel
    struct io io = {};
    bool is_wanted;

    if (!started())
        return 0;
    is_wanted = target_includes(task);
    if (is_wanted)
        io.subject = subject_of(task);
    object_begin(requests, request, is_wanted, &io, task);
    return 0;
}

SEC("tp_btf/block_io_done")
int BPF_PROG(on_done, struct request* request) {
    __u64 since, duration;
    struct io io;

    if (!started())
        return 0;
    // Whose a request is that is not remembered, nobody knows: no filter includes it.
    since = object_end(requests, request, &io, target_includes_cgroup(TALLY_NO_CGROUP),
                       request->start_time_ns);
    if (since && pair_duration(since, clock_ns(), &duration))
        histogram_add(times, io.subject, duration, NULL);
    return 0;
}
