// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "container/cgroup_tree.h"
#include "container/container.h"
#include "container/kernel_reports.h"

namespace tally {

/// A pid namespace: its inode, which is given to another as soon as it is gone, and when its
/// process 1 began.
using PidNamespace = std::pair<std::uint32_t, std::uint64_t>;

PidNamespace namespace_of(const ProcessFacts& process);

/// The cgroups that are containers only because their processes have a pid namespace of their own
/// (docs/containers.md, rule 2): the highest cgroup that holds such a namespace and nobody else,
/// else each of its cgroups by itself; not the root, no service's, none with a process of the host.
/// The highest come first, and none is below another. `is_contained` says of a cgroup whether it is
/// in a container already.
std::vector<CgroupId> find_namespace_containers(const std::vector<ProcessFacts>& processes,
                                                const CgroupTree& tree,
                                                const std::function<bool(CgroupId)>& is_contained);

/// The UTS node names of containers that have no other name: that of the oldest process first, by
/// container. `nameless_container_of` says in which such container a cgroup is; 0: in none.
/// `host_name` is the host's own, which names no container.
std::map<CgroupId, std::string> find_node_names(
    const std::vector<ProcessFacts>& processes, const std::string& host_name,
    const std::function<CgroupId(CgroupId)>& nameless_container_of);

}  // namespace tally
