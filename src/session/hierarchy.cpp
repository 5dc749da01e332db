// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/hierarchy.h"

#include "container/containers.h"
#include "util/error.h"
#include "util/read_file.h"

namespace tally {

std::string find_hierarchy() {
    // With thousands of containers there are as many mounts.
    const auto mounts = read_file("/proc/self/mountinfo", 64 << 20);
    const auto hierarchy = mounts ? find_unified_hierarchy(*mounts) : std::nullopt;
    if (!hierarchy) {
        throw Error(
            "no cgroup version 2 hierarchy is mounted here with its root visible; --by comm, pid, "
            "tid or none works without");
    }
    return *hierarchy;
}

}  // namespace tally
