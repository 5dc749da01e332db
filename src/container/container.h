// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tally {

/// The kernel's number of a cgroup: the inode of its directory, unique within one hierarchy until
/// the next boot. 0 stands for kernel threads in the root cgroup (bpf/include/subject.bpf.h).
using CgroupId = std::uint64_t;

inline constexpr CgroupId kKernelThreads = 0;

/// In bytes. Longer names of containers and pods are ignored: they would fill the screen and the
/// memory.
inline constexpr std::size_t kLongestName = 4096;

/// The name of a container. Strings are bytes written by others. Empty optional: not known, or the
/// runtime has no such thing.
struct Container {
    std::string name;               ///< the usual name: "web"; never empty
    std::optional<std::string> id;  ///< the runtime's full id, mostly 64 hexadecimal digits
    std::string runtime;            ///< "docker", "podman", "containerd", "cri-o", "runc", "crun",
                                    ///< "lxc", "nspawn"; "oci": an id that no runtime's file knows;
                                    ///< "namespaces": made by hand
    std::optional<std::string> pod;            ///< Kubernetes or podman pod
    std::optional<std::string> pod_namespace;  ///< the pod's Kubernetes namespace

    bool operator==(const Container&) const = default;

    /// For people: NAMESPACE/POD/NAME, POD/NAME or NAME.
    std::string label() const;
};

/// What a cgroup belongs to: one row of `--by container`.
struct Owner {
    CgroupId root = 0;                   ///< the topmost cgroup of the owner
    std::optional<std::string> cgroup;   ///< its path from the hierarchy's root ("/docker/3f.."),
                                         ///< "kernel" for kernel threads, none: unknown
    std::optional<Container> container;  ///< none: the host's own
    std::optional<std::string> systemd_unit;  ///< "nginx.service"

    /// For people: the container's label, the unit, the path, "kernel" or "unknown".
    std::string label() const;
};

}  // namespace tally
