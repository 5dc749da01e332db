// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/runtime_files.h"

#include <dirent.h>
#include <time.h>

#include <array>
#include <memory>
#include <string_view>

#include "container/path_shapes.h"
#include "util/read_file.h"

namespace tally {

namespace {

// The list of all containers of a storage, some 550 bytes each: 30,000 of podman's. To parse that
// took 71 ms and 47 MiB of memory.
constexpr std::size_t kLargestList = 16 << 20;

// Directories of state files are not read on when there were so many entries in all.
constexpr std::size_t kMostEntries = 20'000;

// containerd has one directory of state files for each of its namespaces.
constexpr std::size_t kMostNamespaces = 200;

// The clock that stamps files goes in steps of up to 10 ms.
constexpr std::int64_t kSettledNanoseconds = 20'000'000;

constexpr std::string_view kDocker = "/var/lib/docker/containers/";
constexpr std::string_view kRunc = "/run/runc/";
constexpr std::string_view kCrun = "/run/crun/";

// containerd's state directories: its own, and those of the Kubernetes distributions that bring
// one along. docker's private containerd is left out: docker's own files say more.
constexpr std::array<std::string_view, 4> kContainerd = {
    "/run/containerd/io.containerd.runtime.v2.task/",
    "/run/k3s/containerd/io.containerd.runtime.v2.task/",
    "/run/k0s/containerd/io.containerd.runtime.v2.task/",
    "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/",
};

// containers/storage has one directory per storage driver.
constexpr std::array<std::string_view, 4> kStorage = {
    "/var/lib/containers/storage/overlay-containers/",
    "/var/lib/containers/storage/vfs-containers/",
    "/var/lib/containers/storage/btrfs-containers/",
    "/var/lib/containers/storage/zfs-containers/",
};

std::string join(std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const std::string_view part : parts) {
        all.append(part);
    }
    return all;
}

std::vector<std::string> entries_of(const std::string& path, std::size_t most) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
    while (directory && names.size() < most) {
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr) {
            break;
        }
        if (entry->d_name[0] != '.') {
            names.emplace_back(entry->d_name);
        }
    }
    return names;
}

std::optional<std::string> if_not_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

Container container_of(const std::string& id, std::string runtime, const RuntimeFacts& facts) {
    Container container;
    container.name = facts.name.empty() ? short_id(id) : facts.name;
    container.id = id;
    container.runtime = std::move(runtime);
    container.pod = if_not_empty(facts.pod);
    container.pod_namespace = if_not_empty(facts.pod_namespace);
    return container;
}

/// Whether a file is the same as at another look. By the time of last change, not of last
/// modification: that one can be set back.
bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
           one.st_size == other.st_size && one.st_ctim.tv_sec == other.st_ctim.tv_sec &&
           one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

/// Whether what is written to a file from now on will show in its time of last change.
bool is_settled(const struct stat& status) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - status.st_ctim.tv_sec) * 1'000'000'000 + now.tv_nsec -
               status.st_ctim.tv_nsec >
           kSettledNanoseconds;
}

}  // namespace

template <typename T>
const T* RuntimeFiles::parsed(const std::string& path,
                              std::optional<T> (*parse)(const std::string&), std::size_t most) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return nullptr;
    }
    auto [at, is_new] = remembered_.try_emplace(path);
    Remembered& file = at->second;
    file.read_since = true;
    if (is_new || !is_same(file.status, status)) {
        const auto text = read_file(path, most, &file.status);
        // One that was written to meanwhile may be half the old text and half the new.
        const bool is_whole =
            text && ::stat(path.c_str(), &status) == 0 && is_same(file.status, status);
        file.parsed = is_whole ? parse(*text) : std::optional<T>();
        file.may_change_unseen = text && !(is_whole && is_settled(status));
    }
    const auto& result = std::any_cast<const std::optional<T>&>(file.parsed);
    return result ? &*result : nullptr;
}

void RuntimeFiles::forget_unread() {
    std::erase_if(remembered_, [](const auto& each) { return !each.second.read_since; });
    for (auto& [path, file] : remembered_) {
        file.read_since = false;
        if (file.may_change_unseen) {
            file.status = {};
        }
    }
}

std::optional<Container> RuntimeFiles::by_id(const std::string& id, const std::string& runtime) {
    if (runtime == "docker") {
        return in_docker(id);
    }
    if (runtime == "containerd") {
        return in_containerd(id);
    }
    if (runtime == "podman" || runtime == "cri-o") {
        auto found = in_storage(id);
        if (found) {
            found->runtime = runtime;
        }
        return found;
    }
    // docker first: with the system's containerd its containers are in that one's files as well,
    // without their names. runc and crun last: the others use them.
    for (const auto look :
         {&RuntimeFiles::in_docker, &RuntimeFiles::in_storage, &RuntimeFiles::in_containerd,
          &RuntimeFiles::in_runc, &RuntimeFiles::in_crun}) {
        if (auto found = (this->*look)(id)) {
            return found;
        }
    }
    return std::nullopt;
}

std::optional<Container> RuntimeFiles::in_docker(const std::string& id) {
    const auto* facts = parsed(join({root_, kDocker, id, "/config.v2.json"}), &parse_docker_config);
    return facts == nullptr ? std::nullopt : std::optional(container_of(id, "docker", *facts));
}

std::optional<Container> RuntimeFiles::in_containerd(const std::string& id) {
    for (const std::string_view state : kContainerd) {
        const std::string tasks = join({root_, state});
        for (const std::string& name_space : entries_of(tasks, kMostNamespaces)) {
            if (const auto* facts =
                    parsed(join({tasks, name_space, "/", id, "/config.json"}), &parse_oci_config)) {
                return container_of(id, "containerd", *facts);
            }
        }
    }
    return std::nullopt;
}

std::optional<Container> RuntimeFiles::in_storage(const std::string& id) {
    for (const std::string_view storage : kStorage) {
        const std::string containers = join({root_, storage});
        const auto* names =
            parsed(containers + "containers.json", &parse_storage_names, kLargestList);
        const auto* annotated =
            parsed(join({containers, id, "/userdata/config.json"}), &parse_oci_config);
        const auto name = names == nullptr ? std::map<std::string, std::string>::const_iterator()
                                           : names->find(id);
        const bool is_named = names != nullptr && name != names->end();
        if (!is_named && annotated == nullptr) {
            continue;
        }
        RuntimeFacts facts = annotated == nullptr ? RuntimeFacts() : *annotated;
        // CRI-O's names in the storage are "k8s_CONTAINER_POD_..."; its annotations say it apart.
        if (is_named && (facts.name.empty() || !facts.is_crio)) {
            facts.name = name->second;
        }
        return container_of(id, facts.is_crio ? "cri-o" : "podman", facts);
    }
    return std::nullopt;
}

std::optional<Container> RuntimeFiles::in_runc(const std::string& id) {
    const auto* facts = parsed(join({root_, kRunc, id, "/state.json"}), &parse_runc_state);
    return facts == nullptr ? std::nullopt : std::optional(container_of(id, "runc", *facts));
}

std::optional<Container> RuntimeFiles::in_crun(const std::string& id) {
    const std::string state = join({root_, kCrun, id});
    const auto* status = parsed(state + "/status", &parse_crun_status);
    if (status == nullptr) {
        return std::nullopt;
    }
    const auto* facts = crun_annotations(state, *status);
    return container_of(id, "crun", facts == nullptr ? RuntimeFacts() : *facts);
}

/// crun keeps a copy of the bundle's config.json beside the status; the bundle may have changed.
const RuntimeFacts* RuntimeFiles::crun_annotations(const std::string& state,
                                                   const RuntimeFacts& status) {
    if (const auto* facts = parsed(state + "/config.json", &parse_oci_config)) {
        return facts;
    }
    if (!status.bundle.starts_with('/')) {
        return nullptr;
    }
    return parsed(join({root_, status.bundle, "/config.json"}), &parse_oci_config);
}

std::vector<RuntimeFiles::Located> RuntimeFiles::with_cgroup() {
    std::vector<Located> all;
    std::size_t left = kMostEntries;
    const auto ids_in = [&left](const std::string& directory) {
        auto ids = entries_of(directory, left);
        left -= ids.size();
        return ids;
    };
    for (const std::string_view state : kContainerd) {
        const std::string tasks = join({root_, state});
        for (const std::string& name_space : entries_of(tasks, kMostNamespaces)) {
            for (const std::string& id : ids_in(join({tasks, name_space}))) {
                if (const auto* facts = parsed(join({tasks, name_space, "/", id, "/config.json"}),
                                               &parse_oci_config)) {
                    all.push_back({container_of(id, "containerd", *facts), facts->cgroups});
                }
            }
        }
    }
    for (const std::string& id : ids_in(join({root_, kRunc}))) {
        if (const auto* facts =
                parsed(join({root_, kRunc, id, "/state.json"}), &parse_runc_state)) {
            all.push_back({container_of(id, "runc", *facts), facts->cgroups});
        }
    }
    for (const std::string& id : ids_in(join({root_, kCrun}))) {
        if (auto container = in_crun(id)) {
            const auto* status = parsed(join({root_, kCrun, id, "/status"}), &parse_crun_status);
            if (status != nullptr) {
                all.push_back({std::move(*container), status->cgroups});
            }
        }
    }
    return all;
}

}  // namespace tally
