// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <map>
#include <optional>
#include <string>

namespace tally {

/// The pods of podman and their containers.
struct PodmanPods {
    std::map<std::string, std::string> names;   ///< by the pod's full id; bytes from others
    std::map<std::string, std::string> pod_of;  ///< the pod's id by the container's
};

// podman keeps the names of pods only in its database. Each function takes the bytes of a database
// and returns nothing if it is broken or of another kind.

/// BoltDB, the default before podman 4.8: libpod/bolt_state.db.
std::optional<PodmanPods> parse_podman_bolt(const std::string& bytes);

/// SQLite, the default from podman 4.8 on and the only one in 6: db.sql.
std::optional<PodmanPods> parse_podman_sqlite(const std::string& bytes);

}  // namespace tally
