// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally {

/// What one directory of the cgroup tree says about a container by its name alone.
struct DirectoryShape {
    std::string runtime;              ///< empty: the name does not tell, the runtimes' files might
    std::optional<std::string> id;    ///< 64 hexadecimal digits
    std::optional<std::string> name;  ///< where the directory is named after the container
};

/// Whether a directory called `name` below one called `parent` (empty: unknown, or the root) is a
/// container. Trusts nothing else: neither that it exists nor that a runtime knows it.
std::optional<DirectoryShape> directory_shape(std::string_view parent, std::string_view name);

/// A systemd unit in a path, and the length of the path up to and with it.
struct UnitInPath {
    std::string_view name;  ///< points into the path
    std::size_t length = 0;
};

/// The innermost unit that can hold processes (service, scope, socket, mount, swap), else the
/// innermost slice.
std::optional<UnitInPath> find_systemd_unit(std::string_view path);

/// The name of that unit.
std::optional<std::string> systemd_unit_of(std::string_view path);

/// Whether any part of the path is a service.
bool is_in_service(std::string_view path);

/// The user below whose slice a path of the hierarchy is (/user.slice/user-1000.slice/...), and so
/// whose own container runtimes may have made it; none: the system's. A slice of that name further
/// down is that of a systemd in a container, whose users are others.
std::optional<std::uint32_t> user_of_slice(std::string_view path);

/// The id of the podman pod that the path of a container's cgroup names.
std::optional<std::string> podman_pod_of(std::string_view path);

/// Whether this is an id as docker, podman, containerd's CRI and CRI-O make them: 64 digits of
/// lower-case hexadecimal.
bool is_long_id(std::string_view text);

/// What people call a container that has no name: the first 12 digits of a long id. Other ids were
/// chosen by people (runc, ctr) and are kept.
std::string short_id(std::string_view id);

/// systemd's form of OCI's cgroupsPath, "SLICE:PREFIX:NAME", as the path it leads to; other text is
/// taken for a path.
std::string expand_cgroups_path(std::string_view text);

}  // namespace tally
