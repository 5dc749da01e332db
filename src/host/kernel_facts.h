// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tally {

/// Throws Error with the remedy if this process cannot trace here: no BTF, no rights. Cheap; call
/// it before anything is loaded.
void check_tracing_is_possible();

/// One more than the largest thread number: /proc/sys/kernel/pid_max.
std::uint32_t thread_number_limit();

/// The UTS node name of this process: the host's, unless tally runs in a container.
std::string host_node_name();

/// Whether tracing programs may use task storage (5.12, a10787e6d58c "bpf: Enable task local
/// storage for tracing programs").
bool has_task_storage();

/// The number of a cgroup controller (by its name in version 1: "pids", "blkio") in this kernel's
/// enum cgroup_subsys_id, which depends on its configuration; none if it has no such controller.
/// Reads the kernel's BTF.
std::optional<std::uint32_t> cgroup_controller_number(const std::string& controller);

}  // namespace tally
