// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/hierarchy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>

#include "host/kernel_facts.h"
#include "util/error.h"
#include "util/read_file.h"
#include "wire.h"

namespace tally {
namespace {

/// With thousands of containers there are as many mounts.
constexpr std::size_t kMostMountinfo = 64 << 20;

std::vector<Hierarchy> mounted_hierarchies() {
    const auto mounts = read_file("/proc/self/mountinfo", kMostMountinfo);
    const auto own = read_kernel_file("/proc/self/cgroup");
    std::vector<Hierarchy> hierarchies = find_hierarchies(mounts.value_or(""), own.value_or(""));
    if (hierarchies.empty()) {
        throw Error(
            "no cgroup hierarchy is mounted here with its root visible; --by comm, pid, tid or "
            "none works without");
    }
    return hierarchies;
}

/// Whether a path leads into the mounted file system of a hierarchy.
bool holds(const Hierarchy& hierarchy, const std::string& path) {
    struct stat there {};
    struct stat root {};
    return path.starts_with('/') && ::stat(path.c_str(), &there) == 0 &&
           ::stat(hierarchy.mount_point.c_str(), &root) == 0 && there.st_dev == root.st_dev;
}

}  // namespace

HierarchyChoice find_hierarchy(const std::optional<std::string>& asked,
                               const std::vector<std::string>& cgroups) {
    const std::vector<Hierarchy> all = mounted_hierarchies();
    if (asked) {
        for (const Hierarchy& each : all) {
            if (each.is_called(*asked)) {
                return {each, "--hierarchy asks for it", ""};
            }
        }
        std::vector<std::string> names;
        for (const Hierarchy& each : all) {
            names.push_back(each.name);
        }
        throw UsageError(
            "--hierarchy {}: no such cgroup hierarchy is mounted here with its root visible; those "
            "that are: {}",
            *asked, fmt::join(names, ", "));
    }
    for (const std::string& path : cgroups) {
        for (const Hierarchy& each : all) {
            if (holds(each, path)) {
                return {each, fmt::format("--cgroup {} is in it", path), ""};
            }
        }
    }
    // Where there is no choice, nobody need look at all processes.
    return choose_hierarchy(
        all, all.size() == 1 ? ContainerCensus() : take_census(read_process_places("/proc")));
}

void configure_hierarchy(Tracer& tracer, const Hierarchy& hierarchy) {
    tracer.set_constant("hierarchy_number", hierarchy.number);
    if (hierarchy.is_unified()) {
        return;
    }
    if (hierarchy.controllers.empty()) {
        const std::string own = read_kernel_file("/proc/self/cgroup").value_or("");
        if (std::count(own.begin(), own.end(), '\n') > TALLY_MOST_HIERARCHIES) {
            throw Error("{} has no controller, and is not found among more than {} hierarchies",
                        hierarchy.name, TALLY_MOST_HIERARCHIES);
        }
    } else {
        const std::string& controller = hierarchy.controllers.front();
        const auto number = cgroup_controller_number(controller);
        if (!number) {
            throw Error("this kernel does not say how it numbers the cgroup controller {}",
                        controller);
        }
        tracer.set_constant("hierarchy_controller", *number);
    }
}

std::string describe(const HierarchyChoice& choice) {
    return fmt::format("cgroups are those of {} at {}: {}", choice.hierarchy.label(),
                       choice.hierarchy.mount_point, choice.reason);
}

}  // namespace tally
