// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What `tally containers` needs of the kernel: the engine's own programs without a tracer.
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cgroup_events.bpf.h"
#include "declare.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";
