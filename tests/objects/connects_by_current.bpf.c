// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What must not be done: charges a connection to the thread that is current when it is established.
#include "tally.bpf.h"

TRACER("Whom an interrupt found at work when a connection was established");

struct connect_counts {
    __u64 connects;
};
COUNTS(connects, struct subject, struct connect_counts, "connections");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock* sk, int state_before, int state) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct connect_counts* counts;

    if (state_before != TCP_SYN_SENT || state != TCP_ESTABLISHED || !target_includes(task))
        return 0;
    counts = counts_of(connects, subject_of(task), NULL);
    if (counts)
        count_up(&counts->connects, 1);
    return 0;
}
