// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// What one file of a container runtime says about one container. Everything in it is bytes from
/// others and may be missing.
struct RuntimeFacts {
    std::string id;  ///< the container's, if the file has it
    std::string name;
    std::string pod;
    std::string pod_namespace;
    std::vector<std::string> cgroups;  ///< where it may be: paths from the hierarchy's root, or of
                                       ///< the file system as seen by the runtime
    std::string bundle;                ///< directory with the container's OCI config.json, where
                                       ///< the file (runc's, crun's) has it
    bool is_crio = false;              ///< the file was written by CRI-O
};

// Each function takes the text of a file and returns nothing if it is invalid: broken JSON, a wrong
// type, something missing, more than a million values. None of them throws or recurses with the
// text; 16 MiB take at most 0.1 s and 60 MiB of memory.

/// docker: /var/lib/docker/containers/ID/config.v2.json.
std::optional<RuntimeFacts> parse_docker_config(const std::string& text);

/// An OCI bundle's config.json, as written by containerd, podman, CRI-O and crun: annotations and
/// linux.cgroupsPath. No name if no annotation has one.
std::optional<RuntimeFacts> parse_oci_config(const std::string& text);

/// containers/storage (podman, CRI-O): STORAGE/overlay-containers/containers.json, and
/// volatile-containers.json beside it, as id -> name.
std::optional<std::map<std::string, std::string>> parse_storage_names(const std::string& text);

/// runc: ROOT/ID/state.json.
std::optional<RuntimeFacts> parse_runc_state(const std::string& text);

/// crun: ROOT/ID/status; the names are in the bundle.
std::optional<RuntimeFacts> parse_crun_status(const std::string& text);

/// docker: /etc/docker/daemon.json, the place of its files if not /var/lib/docker. Empty: not
/// given.
std::optional<std::string> parse_docker_root(const std::string& text);

/// /etc/passwd: the home directory of each user, by number.
std::optional<std::map<std::uint32_t, std::string>> parse_homes(const std::string& text);

}  // namespace tally
