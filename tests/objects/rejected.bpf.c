// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A program that the kernel's verifier refuses: it takes a number for an address.
#include "tally.bpf.h"

TRACER("Refused by the verifier");
HISTOGRAM(lengths, struct subject, duration_ns, "lengths");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev) {
    __u64* wrong = (__u64*)(long)prev->pid;

    histogram_add(lengths, subject_of(prev), *wrong, NULL);
    return 0;
}
