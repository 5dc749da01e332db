// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The meter at the hooks of system calls; see empty.bpf.c.
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sys_enter")
int empty_enter(void* context) {
    return 0;
}

SEC("tp_btf/sys_exit")
int empty_exit(void* context) {
    return 0;
}
