// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tally {

/// A cgroup hierarchy that is mounted here with its root visible.
struct Hierarchy {
    std::uint32_t number = 0;  ///< the first field of a line of /proc/PID/cgroup; 0: version 2
    std::vector<std::string> controllers;  ///< of version 1, as mount options: "pids", "blkio"
    std::string name;  ///< "unified", or the controllers: "pids", "cpu,cpuacct", "name=systemd"
    std::string mount_point;

    bool is_unified() const { return number == 0; }

    /// Whether a user's word refers to it: "unified", "v2", a controller, "systemd", its name.
    bool is_called(const std::string& word) const;

    /// For people: "pids (version 1)".
    std::string label() const;

    bool operator==(const Hierarchy&) const = default;
};

/// Which mounts of a hierarchy are considered, by the part of it that they show.
enum class MountRoot {
    as_ours,  ///< from the root of our cgroup namespace
    any,      ///< any part: mounts of another namespace look strange from ours ("/../..")
};

/// The hierarchies that `mountinfo` (the text of /proc/PID/mountinfo) shows, and `own_cgroups` (of
/// /proc/self/cgroup) numbers: version 2 first, then version 1 in the order of preference for
/// containers that are in several.
std::vector<Hierarchy> find_hierarchies(const std::string& mountinfo,
                                        const std::string& own_cgroups,
                                        MountRoot root = MountRoot::as_ours);

/// The cgroups of one process.
struct ProcessPlace {
    std::map<std::uint32_t, std::string> cgroups;  ///< path by the hierarchy's number
    bool own_pid_namespace = false;                ///< different from that of /proc
};

/// Reads the text of /proc/PID/cgroup and, unless it is empty, that of /proc/PID/status.
ProcessPlace parse_process_place(const std::string& cgroup, const std::string& status);

/// All processes below `proc` ("/proc"); processes that exit meanwhile are left out. Whether a
/// process has its own pid namespace is looked up only where that can reveal a container.
std::vector<ProcessPlace> read_process_places(const std::string& proc);

/// How many processes are in containers, by the number of the hierarchy that shows it. The rules
/// are those of Containers, as far as paths and pid namespaces go.
struct ContainerCensus {
    std::map<std::uint32_t, std::size_t> processes;
    std::map<std::uint32_t, std::size_t> not_unified;  ///< those that version 2 does not show
};
ContainerCensus take_census(const std::vector<ProcessPlace>& places);

/// The hierarchy of a run.
struct HierarchyChoice {
    Hierarchy hierarchy;
    std::string reason;   ///< why: "3 processes of containers are in it, none are in version 2"
    std::string warning;  ///< empty, or a sentence about containers that are not visible in it
};

/// Version 2 if containers live in it, or if there are no containers; else the version 1 hierarchy
/// with most of their processes. `hierarchies` must not be empty.
HierarchyChoice choose_hierarchy(const std::vector<Hierarchy>& hierarchies,
                                 const ContainerCensus& census);

}  // namespace tally
