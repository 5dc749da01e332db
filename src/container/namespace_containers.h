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

/// A pid namespace: its inode, which is reused as soon as it is gone, and the start of its process
/// 1.
using PidNamespace = std::pair<std::uint32_t, std::uint64_t>;

PidNamespace namespace_of(const ProcessFacts& process);

/// The cgroups that are containers only because their processes have a pid namespace of their own
/// (docs/containers.md, rule 3): the highest cgroup with such a namespace and nothing else, else
/// each of its cgroups separately; never the root, a service's, or one with a process of the host.
/// The highest come first, and none is below another. `is_contained` returns whether a cgroup is
/// already in a container.
std::vector<CgroupId> find_namespace_containers(const std::vector<ProcessFacts>& processes,
                                                const CgroupTree& tree,
                                                const std::function<bool(CgroupId)>& is_contained);

/// The UTS node names of containers that have no other name: that of the oldest process first, by
/// container. `nameless_container_of` returns the container of this kind that a cgroup is in; 0:
/// none. `host_name` is the host's own name, which is no container's.
std::map<CgroupId, std::string> find_node_names(
    const std::vector<ProcessFacts>& processes, const std::string& host_name,
    const std::function<CgroupId(CgroupId)>& nameless_container_of);

}  // namespace tally
