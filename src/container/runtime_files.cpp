// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/runtime_files.h"

#include <dirent.h>
#include <time.h>

#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include "container/path_shapes.h"
#include "container/podman_pods.h"
#include "util/read_file.h"

namespace tally {

namespace {

// The list of all containers of a storage, some 550 bytes each: 30,000 of podman's. Parsing that
// took 71 ms and 47 MiB of memory.
constexpr std::size_t kLargestList = 16 << 20;

// A directory of state files with more entries than this is not read to its end.
constexpr std::size_t kMostEntries = 20'000;

// containerd has one directory of state files for each of its namespaces. Together they may have no
// more entries than one directory.
constexpr std::size_t kMostNamespaces = 200;

// podman's database does not shrink when containers are removed; an unusually large one is not
// read, to save memory.
constexpr std::size_t kLargestDatabase = 32 * 1024 * 1024;

// The kernel's clock for files has ticks of up to 10 ms: a file that was changed this shortly
// before it was read may have changed again, unnoticed.
constexpr std::int64_t kSettledAfterNs = 100'000'000;

constexpr std::string_view kUsers = "/run/user/";

// containerd's state directories: its own, and those of Kubernetes distributions that include it.
// docker's private containerd is left out: docker's own files have more.
constexpr std::array<std::string_view, 4> kContainerd = {
    "/run/containerd/io.containerd.runtime.v2.task/",
    "/run/k3s/containerd/io.containerd.runtime.v2.task/",
    "/run/k0s/containerd/io.containerd.runtime.v2.task/",
    "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/",
};

// containers/storage has one directory per storage driver.
constexpr std::array<std::string_view, 4> kDrivers = {"overlay-containers/", "vfs-containers/",
                                                      "btrfs-containers/", "zfs-containers/"};

std::string join(std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const std::string_view part : parts) {
        all.append(part);
    }
    return all;
}

std::vector<std::string> entries_of(const std::string& path, std::size_t most = kMostEntries) {
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

bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= kLongestName;
}

std::optional<std::string> if_name(const std::string& text) {
    return is_name(text) ? std::optional(text) : std::nullopt;
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
}

/// Whether it is the same file, unchanged since it was last read. By the time of last change, not
/// of last modification, which can be set back.
bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
           one.st_size == other.st_size && one.st_ctim.tv_sec == other.st_ctim.tv_sec &&
           one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

bool is_settled(const struct stat& status) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t age = (now.tv_sec - status.st_ctim.tv_sec) * 1'000'000'000 +
                             (now.tv_nsec - status.st_ctim.tv_nsec);
    return age > kSettledAfterNs;
}

Container container_of(const std::string& id, std::string runtime, const RuntimeFacts& facts) {
    Container container;
    container.name = is_name(facts.name) ? facts.name : short_id(id);
    container.id = id;
    container.runtime = std::move(runtime);
    container.pod = if_name(facts.pod);
    container.pod_namespace = if_name(facts.pod_namespace);
    return container;
}

}  // namespace

template <typename T>
const T* RuntimeFiles::parsed(const std::string& path,
                              std::optional<T> (*parse)(const std::string&),
                              std::optional<uid_t> owner, std::size_t most) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
        (owner && status.st_uid != *owner)) {
        return nullptr;
    }
    auto [at, is_new] = remembered_.try_emplace(path);
    Remembered& file = at->second;
    if (is_new) {
        file.parsed = std::optional<T>();
    }
    const bool is_due = !file.is_settled && !file.read_since;
    file.read_since = true;
    const bool is_changed = is_new || is_due || !is_same(file.status, status);
    if (is_changed && owner && status.st_size > users_bytes_) {
        file.status = {};  // another time
    } else if (is_changed) {
        users_bytes_ -= owner ? status.st_size : 0;
        file.status = status;
        struct stat after {};
        bool is_other = false;
        // The file may have been replaced by one of another owner, and if it was written to
        // meanwhile, its text may be half old and half new. A file of /proc has no size, and
        // reading one may block for ever: /proc/PID/cmdline is memory of a process, which can map
        // something that never answers.
        const auto text = read_file(path, most, [&](const struct stat& opened) {
            is_other = !is_same(opened, status);
            return !is_other && opened.st_size != 0;
        });
        const bool is_whole = text && ::stat(path.c_str(), &after) == 0 && is_same(status, after);
        file.is_settled = !is_other && (is_whole || !text) && is_settled(status);
        // Otherwise it is usually half written: its last content still holds.
        if (auto told = is_whole ? parse(*text) : std::nullopt) {
            file.parsed = std::move(told);
        }
    }
    const auto& result = std::any_cast<const std::optional<T>&>(file.parsed);
    return result ? &*result : nullptr;
}

void RuntimeFiles::forget_unread() {
    system_.reset();
    users_bytes_ = kUsersBytes;
    std::erase_if(remembered_, [](const auto& each) { return !each.second.read_since; });
    for (auto& [path, file] : remembered_) {
        file.read_since = false;
    }
}

const RuntimeFiles::Place& RuntimeFiles::system() {
    if (!system_) {
        const auto* docker = parsed(root_ + "/etc/docker/daemon.json", &parse_docker_root);
        const bool is_elsewhere = docker != nullptr && docker->starts_with('/');
        system_ = Place{
            std::nullopt,
            join({root_, is_elsewhere ? *docker : std::string("/var/lib/docker"), "/containers/"}),
            {root_ + "/var/lib/containers/storage/", root_ + "/run/containers/storage/"},
            root_ + "/run/runc/",
            root_ + "/run/crun/"};
    }
    return *system_;
}

/// None if the user has no home in /etc/passwd.
std::optional<RuntimeFiles::Place> RuntimeFiles::place_of(uid_t user) {
    const auto* homes = parsed(root_ + "/etc/passwd", &parse_homes);
    if (homes == nullptr || !homes->contains(user)) {
        return std::nullopt;
    }
    const std::string data = join({root_, homes->at(user), "/.local/share/"});
    const std::string run = join({root_, kUsers, std::to_string(user), "/"});
    return Place{user,
                 data + "docker/containers/",
                 {data + "containers/storage/", run + "containers/"},
                 run + "runc/",
                 run + "crun/"};
}

std::optional<Container> RuntimeFiles::by_id(const std::string& id, const std::string& runtime) {
    return in_place(system(), id, runtime);
}

std::optional<Container> RuntimeFiles::by_id_of_user(const std::string& id,
                                                     const std::string& runtime, uid_t user) {
    const auto place = place_of(user);
    return place ? in_place(*place, id, runtime) : std::nullopt;
}

std::optional<Container> RuntimeFiles::in_place(const Place& place, const std::string& id,
                                                const std::string& runtime) {
    if (runtime == "docker") {
        return in_docker(place, id);
    }
    if (runtime == "containerd") {
        return place.owner ? std::nullopt : in_containerd(id);
    }
    if (runtime == "podman" || runtime == "cri-o") {
        auto found = in_storage(place, id);
        if (found) {
            found->runtime = runtime;
        }
        return found;
    }
    // docker first: with the system's containerd, its containers are in containerd's files too,
    // without their names. runc and crun last: the others use them.
    auto found = in_docker(place, id);
    if (!found) {
        found = in_storage(place, id);
    }
    if (!found && !place.owner) {
        found = in_containerd(id);
    }
    if (!found) {
        found = in_runc(place, id);
    }
    return found ? found : in_crun(place, id);
}

std::optional<Container> RuntimeFiles::in_docker(const Place& place, const std::string& id) {
    const auto* facts =
        parsed(join({place.docker, id, "/config.v2.json"}), &parse_docker_config, place.owner);
    if (facts == nullptr || (!facts->id.empty() && facts->id != id)) {
        return std::nullopt;
    }
    return container_of(id, "docker", *facts);
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

/// The name in the list of a storage, or in that of the containers that a reboot may take with it
/// (podman run --rm, from 4.4 on).
const std::string* RuntimeFiles::name_in_storage(const Place& place, const std::string& containers,
                                                 const std::string& id) {
    for (const char* list : {"containers.json", "volatile-containers.json"}) {
        const auto* names =
            parsed(containers + list, &parse_storage_names, place.owner, kLargestList);
        if (names == nullptr) {
            continue;
        }
        if (const auto name = names->find(id); name != names->end()) {
            return &name->second;
        }
    }
    return nullptr;
}

std::optional<Container> RuntimeFiles::in_storage(const Place& place, const std::string& id) {
    for (const std::string& storage : place.storages) {
        if (!exists(storage)) {
            continue;
        }
        for (const std::string_view driver : kDrivers) {
            const std::string containers = join({storage, driver});
            if (!exists(containers)) {
                continue;
            }
            if (auto found = in_storage_at(place, storage, containers, id)) {
                return found;
            }
        }
    }
    // Elsewhere, by podman --root or by storage.conf. The state of runc or crun has the path:
    // STORAGE/DRIVER-containers/ID/userdata.
    const std::string bundle = bundle_of(place, id);
    const std::string end = join({id, "/userdata"});
    if (!bundle.starts_with('/') || !bundle.ends_with("/" + end)) {
        return std::nullopt;
    }
    const std::string containers = bundle.substr(0, bundle.size() - end.size());
    const std::string storage = containers.substr(0, containers.rfind('/', containers.size() - 2));
    return in_storage_at(place, join({root_, storage, "/"}), root_ + containers, id);
}

std::optional<Container> RuntimeFiles::in_storage_at(const Place& place, const std::string& storage,
                                                     const std::string& containers,
                                                     const std::string& id) {
    const std::string* name = name_in_storage(place, containers, id);
    const auto* annotated =
        parsed(join({containers, id, "/userdata/config.json"}), &parse_oci_config, place.owner);
    if (name == nullptr && annotated == nullptr) {
        return std::nullopt;
    }
    RuntimeFacts facts = annotated == nullptr ? RuntimeFacts() : *annotated;
    // CRI-O's names in the storage are "k8s_CONTAINER_POD_..."; its annotations have the parts
    // separately.
    if (name != nullptr && (facts.name.empty() || !facts.is_crio)) {
        facts.name = *name;
    }
    if (!facts.is_crio) {
        facts.pod = podman_pod(place, storage, id, facts);
    }
    return container_of(id, facts.is_crio ? "cri-o" : "podman", facts);
}

/// The path of a container's OCI bundle, from the state of runc or crun.
std::string RuntimeFiles::bundle_of(const Place& place, const std::string& id) {
    if (const auto* state =
            parsed(join({place.runc, id, "/state.json"}), &parse_runc_state, place.owner)) {
        return state->bundle;
    }
    const auto* status = parsed(join({place.crun, id, "/status"}), &parse_crun_status, place.owner);
    return status == nullptr ? std::string() : status->bundle;
}

/// The name of a container's pod by podman's database; where that cannot be read, the pod's short
/// id by the path of the cgroup. Empty: it is in no pod.
std::string RuntimeFiles::podman_pod(const Place& place, const std::string& storage,
                                     const std::string& id, const RuntimeFacts& facts) {
    const PodmanPods* databases[] = {
        parsed(storage + "db.sql", &parse_podman_sqlite, place.owner, kLargestDatabase),
        parsed(storage + "libpod/db.sql", &parse_podman_sqlite, place.owner, kLargestDatabase),
        parsed(storage + "libpod/bolt_state.db", &parse_podman_bolt, place.owner,
               kLargestDatabase)};
    for (const PodmanPods* pods : databases) {
        if (pods == nullptr) {
            continue;
        }
        const auto pod = pods->pod_of.find(id);
        if (pod != pods->pod_of.end()) {
            const auto name = pods->names.find(pod->second);
            return name != pods->names.end() ? name->second : short_id(pod->second);
        }
    }
    for (const std::string& cgroup : facts.cgroups) {
        if (const auto pod = podman_pod_of(cgroup)) {
            return short_id(*pod);
        }
    }
    return facts.pod;
}

std::optional<Container> RuntimeFiles::in_runc(const Place& place, const std::string& id) {
    const auto* facts =
        parsed(join({place.runc, id, "/state.json"}), &parse_runc_state, place.owner);
    if (facts == nullptr || (!facts->id.empty() && facts->id != id)) {
        return std::nullopt;
    }
    return container_of(id, "runc", *facts);
}

std::optional<Container> RuntimeFiles::in_crun(const Place& place, const std::string& id) {
    const std::string state = place.crun + id;
    const auto* status = parsed(state + "/status", &parse_crun_status, place.owner);
    if (status == nullptr) {
        return std::nullopt;
    }
    const auto* facts = crun_annotations(place, state, *status);
    return container_of(id, "crun", facts == nullptr ? RuntimeFacts() : *facts);
}

/// crun keeps a copy of the bundle's config.json beside the status; the bundle may have changed.
const RuntimeFacts* RuntimeFiles::crun_annotations(const Place& place, const std::string& state,
                                                   const RuntimeFacts& status) {
    if (const auto* facts = parsed(state + "/config.json", &parse_oci_config, place.owner)) {
        return facts;
    }
    if (!status.bundle.starts_with('/')) {
        return nullptr;
    }
    return parsed(join({root_, status.bundle, "/config.json"}), &parse_oci_config, place.owner);
}

void RuntimeFiles::locate_in(const Place& place, std::vector<Located>& all) {
    const auto user = place.owner == uid_t{0} ? std::nullopt : place.owner;
    for (const std::string& id : entries_of(place.runc)) {
        if (auto container = in_runc(place, id)) {
            const auto* state =
                parsed(join({place.runc, id, "/state.json"}), &parse_runc_state, place.owner);
            if (state != nullptr) {
                all.push_back({std::move(*container), state->cgroups, user});
            }
        }
    }
    for (const std::string& id : entries_of(place.crun)) {
        if (auto container = in_crun(place, id)) {
            const auto* status =
                parsed(join({place.crun, id, "/status"}), &parse_crun_status, place.owner);
            if (status != nullptr) {
                all.push_back({std::move(*container), status->cgroups, user});
            }
        }
    }
}

std::vector<RuntimeFiles::Located> RuntimeFiles::with_cgroup() {
    std::vector<Located> all;
    std::size_t left = kMostEntries;
    for (const std::string_view state : kContainerd) {
        const std::string tasks = join({root_, state});
        for (const std::string& name_space : entries_of(tasks, kMostNamespaces)) {
            const auto ids = entries_of(join({tasks, name_space}), left);
            left -= ids.size();
            for (const std::string& id : ids) {
                if (const auto* facts = parsed(join({tasks, name_space, "/", id, "/config.json"}),
                                               &parse_oci_config)) {
                    all.push_back(
                        {container_of(id, "containerd", *facts), facts->cgroups, std::nullopt});
                }
            }
        }
    }
    locate_in(system(), all);
    for (const std::string& name : entries_of(join({root_, kUsers}))) {
        uid_t user = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), user);
        if (read.ec != std::errc() || read.ptr != name.data() + name.size()) {
            continue;
        }
        if (const auto place = place_of(user)) {
            locate_in(*place, all);
        }
    }
    return all;
}

}  // namespace tally
