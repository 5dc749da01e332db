// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>

namespace tally {

/// Throws Error with the one thing to do if this process cannot trace here: no BTF, no rights.
/// Cheap; to be called before anything is loaded.
void check_tracing_is_possible();

/// One more than the largest thread number: /proc/sys/kernel/pid_max.
std::uint32_t thread_number_limit();

/// Whether a BPF program may allocate memory for a map's element in any context: the kernel has
/// bpf_mem_alloc (6.1, 7c8199e24fa0 "bpf: Introduce any context BPF specific memory allocator").
/// Before, allocating under a run queue's lock could wake kswapd and so deadlock.
bool allocates_map_elements_safely();

/// Whether tracing programs may use task storage (5.12, a10787e6d58c "bpf: Enable task local
/// storage for tracing programs").
bool has_task_storage();

}  // namespace tally
