// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "container/container.h"

namespace tally {

/// A cgroup that was just created (tracepoint cgroup:cgroup_mkdir).
struct CgroupBirth {
    CgroupId id = 0;
    CgroupId parent = 0;
    std::string name;  ///< the last part of its path; raw bytes without '/'
};

/// The facts about one process that naming needs (read in the kernel, bpf/include/processes.bpf.h).
struct ProcessFacts {
    CgroupId cgroup = 0;
    std::uint32_t pid = 0;             ///< numbered as on the host
    std::uint32_t pid_namespace = 0;   ///< inode of the innermost one; 0: the host's own
    std::uint32_t parent_of_init = 0;  ///< for process 1 of a pid namespace, its parent; else 0
    /// The UTS node name, if the UTS namespace is not the host's own.
    std::optional<std::string> node_name;
    /// When process 1 of the pid namespace started: this distinguishes the namespace from an
    /// earlier one with the same inode.
    std::uint64_t namespace_born = 0;
};

}  // namespace tally
