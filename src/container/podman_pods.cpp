// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/podman_pods.h"

#include <string_view>
#include <utility>

#include "container/bolt_file.h"
#include "container/container.h"
#include "container/path_shapes.h"
#include "container/sqlite_file.h"

namespace tally {

namespace {

// A hostile file must not cost more memory than a large host's: the rest is left out.
constexpr std::size_t kMostPods = 4096;
constexpr std::size_t kMostContainers = 20'000;

void add_pod(std::string_view id, std::string_view name, PodmanPods& pods) {
    if (is_long_id(id) && !name.empty() && name.size() <= kLongestName &&
        pods.names.size() < kMostPods) {
        pods.names.emplace(id, name);
    }
}

void add_container(std::string_view id, std::string_view pod, PodmanPods& pods) {
    if (is_long_id(id) && is_long_id(pod) && pods.pod_of.size() < kMostContainers) {
        pods.pod_of.emplace(id, pod);
    }
}

}  // namespace

std::optional<PodmanPods> parse_podman_bolt(const std::string& bytes) {
    // libpod/boltdb_state_internal.go: allPods is id -> name; pod is id -> bucket, and the bucket
    // `containers` in that one is id -> name.
    auto file = BoltFile::open(bytes);
    if (!file) {
        return std::nullopt;
    }
    const auto all_pods = file->find_bucket(file->root(), "allPods");
    const auto pods_by_id = file->find_bucket(file->root(), "pod");
    if (!all_pods || !pods_by_id) {
        return std::nullopt;
    }
    PodmanPods pods;
    bool are_all = true;
    bool is_whole = file->each(
        *all_pods, [&](const BoltFile::Entry& entry) { add_pod(entry.key, entry.value, pods); });
    is_whole = is_whole && file->each(*pods_by_id, [&](const BoltFile::Entry& pod) {
        const auto bucket = BoltFile::inner_bucket(pod);
        const auto containers = bucket ? file->find_bucket(*bucket, "containers") : std::nullopt;
        if (containers) {
            are_all = file->each(*containers, [&](const BoltFile::Entry& container) {
                add_container(container.key, pod.key, pods);
            }) && are_all;
        }
    });
    return is_whole && are_all ? std::optional(std::move(pods)) : std::nullopt;
}

std::optional<PodmanPods> parse_podman_sqlite(const std::string& bytes) {
    // libpod/sqlite_state_internal.go, schema version 1: PodConfig (ID, Name, JSON) and
    // ContainerConfig (ID, Name, PodID, JSON).
    auto file = SqliteFile::open(bytes);
    if (!file) {
        return std::nullopt;
    }
    PodmanPods pods;
    const bool has_pods = file->each_row("PodConfig", [&](const SqliteFile::Row& row) {
        if (row.size() >= 3 && row[0] && row[1]) {
            add_pod(*row[0], *row[1], pods);
        }
    });
    const bool has_containers = file->each_row("ContainerConfig", [&](const SqliteFile::Row& row) {
        if (row.size() >= 4 && row[0] && row[2]) {
            add_container(*row[0], *row[2], pods);
        }
    });
    return has_pods && has_containers ? std::optional(std::move(pods)) : std::nullopt;
}

}  // namespace tally
