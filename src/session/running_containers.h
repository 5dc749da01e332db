// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "container/containers.h"
#include "session/hierarchy.h"
#include "tracer/tracer.h"

namespace tally {

/// The engine's programs without a tool, loaded, and the hierarchy that they follow.
struct ContainerEngine {
    HostHierarchy host;
    Tracer tracer;
};

/// `hierarchy`: the value of --hierarchy, if given. `verbose`: prints to stderr which one was
/// chosen, and why. Throws Error.
ContainerEngine load_container_engine(const std::optional<std::string>& hierarchy, bool verbose);

/// One look at the containers that run on this machine, as one cgroup hierarchy shows them. Throws
/// Error.
std::vector<Containers::Listed> find_running_containers(const std::optional<std::string>& hierarchy,
                                                        bool verbose);

}  // namespace tally
