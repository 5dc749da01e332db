// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "container/containers.h"
#include "container/hierarchy.h"
#include "tracer/tracer.h"
#include "util/file_descriptor.h"

namespace tally {

/// The cgroup hierarchy of a run, and where the host's files are.
struct HostHierarchy : HierarchyChoice {
    /// Of a process of the host, if tally is in a cgroup namespace of its own: there it sees
    /// neither the hierarchies from their roots nor the files of the host's runtimes.
    FileDescriptor root_directory;

    /// What Containers needs to know; good as long as this is.
    ContainerPaths paths() const;
};

/// The cgroup hierarchy of this run: the one that is `asked` for (--hierarchy), else that of the
/// directories among `cgroups` (--cgroup), else where containers live. Throws Error if none is
/// mounted, UsageError if not the one asked for.
HostHierarchy find_hierarchy(const std::optional<std::string>& asked,
                             const std::vector<std::string>& cgroups);

/// Has a tracer ask for cgroups of that hierarchy; before it is loaded. Throws Error.
void configure_hierarchy(Tracer& tracer, const Hierarchy& hierarchy);

/// What the run does about it, for people: the hierarchy, where it is mounted, and why it.
std::string describe(const HostHierarchy& host);

}  // namespace tally
