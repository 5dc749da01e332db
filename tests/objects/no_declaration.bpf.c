// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A BPF object like any other: it declares nothing to tally.
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

SEC("tp_btf/sched_switch")
int on_switch(void* context) {
    return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
