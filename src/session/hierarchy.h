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
    /// The root directory of a host process, if tally is in a cgroup namespace of its own: there it
    /// sees neither the roots of the hierarchies nor the files of the host's runtimes.
    FileDescriptor root_directory;

    /// What Containers needs; valid as long as this object.
    ContainerPaths paths() const;
};

/// The cgroup hierarchy of this run: `asked` (--hierarchy), else the one that holds the directories
/// among `cgroups` (--cgroup), else the one in which containers live. Throws Error if none is
/// mounted, UsageError if the requested one is not.
HostHierarchy find_hierarchy(const std::optional<std::string>& asked,
                             const std::vector<std::string>& cgroups);

/// Makes a tracer use cgroups of that hierarchy; call before it is loaded. Throws Error.
void configure_hierarchy(Tracer& tracer, const Hierarchy& hierarchy);

/// One line for people: the hierarchy, where it is mounted, and why it was chosen.
std::string describe(const HostHierarchy& host);

}  // namespace tally
