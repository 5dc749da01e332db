// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "container/hierarchy.h"
#include "tracer/tracer.h"

namespace tally {

/// The cgroup hierarchy of this run: the one that is `asked` for (--hierarchy), else that of the
/// directories among `cgroups` (--cgroup), else where containers live. Throws Error if none is
/// mounted, UsageError if not the one asked for.
HierarchyChoice find_hierarchy(const std::optional<std::string>& asked,
                               const std::vector<std::string>& cgroups);

/// Has a tracer ask for cgroups of that hierarchy; before it is loaded. Throws Error.
void configure_hierarchy(Tracer& tracer, const Hierarchy& hierarchy);

/// What the run does about it, for people: the hierarchy, where it is mounted, and why it.
std::string describe(const HierarchyChoice& choice);

}  // namespace tally
