// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/hierarchy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/kernel_facts.h"
#include "util/error.h"
#include "util/read_file.h"
#include "wire.h"

namespace tally {
namespace {

/// With thousands of containers there are as many mounts.
constexpr std::size_t kMostMountinfo = 64 << 20;

/// The initial cgroup namespace (PROC_CGROUP_INIT_INO, include/linux/proc_ns.h).
constexpr std::string_view kInitialCgroupNamespace = "cgroup:[4026531835]";

/// The inode number of every hierarchy's root directory. In a cgroup namespace, "/" is another one.
constexpr ino_t kRootCgroup = 1;

/// The hierarchies as a process sees them, and the root directory of that process.
struct View {
    std::vector<Hierarchy> hierarchies;
    FileDescriptor root_directory;  ///< none: our own
};

std::string prefix_of(const FileDescriptor& root_directory) {
    // A path through this link resolves in the mount namespace of the directory, even after its
    // process has exited.
    return root_directory ? fmt::format("/proc/self/fd/{}", root_directory.get()) : "";
}

void drop_all_without_root(std::vector<Hierarchy>& hierarchies) {
    std::erase_if(hierarchies, [](const Hierarchy& each) {
        struct stat status {};
        return ::stat(each.mount_point.c_str(), &status) != 0 || status.st_ino != kRootCgroup;
    });
}

/// The hierarchies as the host's processes see them, from the first of these whose files we may
/// look at. None in a pid namespace of our own, which has no processes of the host.
View view_of_host(const std::string& own_cgroups) {
    std::error_code error;
    std::filesystem::directory_iterator each("/proc", error);
    for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
        const std::filesystem::path process = each->path();
        std::error_code unreadable;
        if (process.filename().string().find_first_not_of("0123456789") != std::string::npos ||
            std::filesystem::read_symlink(process / "ns/cgroup", unreadable) !=
                kInitialCgroupNamespace) {
            continue;
        }
        View view;
        view.root_directory.reset(
            ::open((process / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        const auto mounts = read_file(process / "mountinfo", kMostMountinfo);
        if (!view.root_directory || !mounts) {
            continue;
        }
        view.hierarchies = find_hierarchies(*mounts, own_cgroups, MountRoot::any);
        for (Hierarchy& hierarchy : view.hierarchies) {
            hierarchy.mount_point.insert(0, prefix_of(view.root_directory));
        }
        drop_all_without_root(view.hierarchies);
        if (!view.hierarchies.empty()) {
            return view;
        }
    }
    return {};
}

View mounted_hierarchies() {
    const auto mounts = read_file("/proc/self/mountinfo", kMostMountinfo);
    const std::string own = read_kernel_file("/proc/self/cgroup").value_or("");
    View view;
    view.hierarchies = find_hierarchies(mounts.value_or(""), own);
    drop_all_without_root(view.hierarchies);
    std::error_code unreadable;
    const bool is_private = std::filesystem::read_symlink("/proc/self/ns/cgroup", unreadable) !=
                            kInitialCgroupNamespace;
    if (view.hierarchies.empty() && is_private) {
        view = view_of_host(own);
    }
    if (view.hierarchies.empty() && is_private) {
        throw Error(
            "containers cannot be identified from inside a cgroup namespace without the processes "
            "of the host: run tally with the host's pid namespace (docker and podman: --pid=host) "
            "or on the host; --by comm, pid, tid or none still works");
    }
    if (view.hierarchies.empty()) {
        throw Error(
            "no cgroup hierarchy is mounted here with its root visible; --by comm, pid, tid or "
            "none still works");
    }
    return view;
}

/// Whether a path lies in the mounted file system of a hierarchy.
bool holds(const Hierarchy& hierarchy, const std::string& path) {
    struct stat there {};
    struct stat root {};
    return path.starts_with('/') && ::stat(path.c_str(), &there) == 0 &&
           ::stat(hierarchy.mount_point.c_str(), &root) == 0 && there.st_dev == root.st_dev;
}

}  // namespace

ContainerPaths HostHierarchy::paths() const {
    return {hierarchy.mount_point, prefix_of(root_directory), host_node_name()};
}

HostHierarchy find_hierarchy(const std::optional<std::string>& asked,
                             const std::vector<std::string>& cgroups) {
    View view = mounted_hierarchies();
    const std::vector<Hierarchy>& all = view.hierarchies;
    const auto chosen = [&](HierarchyChoice choice) {
        return HostHierarchy{std::move(choice), std::move(view.root_directory)};
    };
    if (asked) {
        for (const Hierarchy& each : all) {
            if (each.is_called(*asked)) {
                return chosen({each, "chosen by --hierarchy", ""});
            }
        }
        std::vector<std::string> names;
        names.reserve(all.size());
        for (const Hierarchy& each : all) {
            names.push_back(each.name);
        }
        throw UsageError(
            "--hierarchy {}: no such cgroup hierarchy is mounted here with its root visible; "
            "mounted are: {}",
            *asked, fmt::join(names, ", "));
    }
    for (const std::string& path : cgroups) {
        for (const Hierarchy& each : all) {
            if (holds(each, path)) {
                return chosen({each, fmt::format("--cgroup {} is in it", path), ""});
            }
        }
    }
    // If there is only one, there is no need to look at all processes.
    return chosen(choose_hierarchy(
        all, all.size() == 1 ? ContainerCensus() : take_census(read_process_places("/proc"))));
}

void configure_hierarchy(Tracer& tracer, const Hierarchy& hierarchy) {
    tracer.set_constant("hierarchy_number", hierarchy.number);
    if (hierarchy.is_unified()) {
        return;
    }
    if (hierarchy.controllers.empty()) {
        const std::string own = read_kernel_file("/proc/self/cgroup").value_or("");
        if (std::count(own.begin(), own.end(), '\n') > TALLY_MOST_HIERARCHIES) {
            throw Error("{} has no controller, and cannot be found among more than {} hierarchies",
                        hierarchy.name, TALLY_MOST_HIERARCHIES);
        }
    } else {
        const std::string& controller = hierarchy.controllers.front();
        const auto number = cgroup_controller_number(controller);
        if (!number) {
            throw Error("this kernel's BTF does not have the number of the cgroup controller {}",
                        controller);
        }
        tracer.set_constant("hierarchy_controller", *number);
    }
}

std::string describe(const HostHierarchy& host) {
    const std::string& mount_point = host.hierarchy.mount_point;
    const std::string prefix = prefix_of(host.root_directory);
    return fmt::format("cgroups are those of {} at {}{}: {}", host.hierarchy.label(),
                       mount_point.substr(prefix.size()), prefix.empty() ? "" : " of the host",
                       host.reason);
}

}  // namespace tally
