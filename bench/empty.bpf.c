// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The meter: programs that do nothing, at the hooks of runqlat. What BPF run statistics say of them
// is the price of being called and of the two clock reads of the statistics themselves.
// Not a tool of tally: bench/attach loads it.
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sched_wakeup")
int empty_wakeup(void* context) {
    return 0;
}

SEC("tp_btf/sched_wakeup_new")
int empty_wakeup_new(void* context) {
    return 0;
}

SEC("tp_btf/sched_switch")
int empty_switch(void* context) {
    return 0;
}
