// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/known_containers.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "container/path_shapes.h"

namespace tally {
namespace {

// A chain of parents is never this long, unless births are false.
constexpr int kDeepest = 4096;

/// Converts a path of the file system, as a runtime wrote it, to one from the hierarchy's root. The
/// runtime's mount point may differ from ours.
std::string below_mount_point(const std::string& path, const std::string& hierarchy) {
    for (const std::string_view mount :
         {std::string_view(hierarchy), std::string_view("/sys/fs/cgroup/unified"),
          std::string_view("/sys/fs/cgroup")}) {
        if (!mount.empty() && path.size() > mount.size() && path.starts_with(mount) &&
            path[mount.size()] == '/') {
            return path.substr(mount.size());
        }
    }
    return path;
}

}  // namespace

KnownContainers::KnownContainers(ContainerPaths paths)
    : paths_(std::move(paths)), tree_(paths_.hierarchy), files_(paths_.root) {
    kernel_.cgroup = "kernel";
}

void KnownContainers::forget_owners() {
    root_of_.clear();
    owners_.clear();
    unknown_.clear();
}

void KnownContainers::apply(const CgroupTree::Changes& changes) {
    for (const CgroupId id : changes.dropped) {
        containers_.erase(id);
        root_of_.erase(id);
        owners_.erase(id);
    }
    for (const CgroupId id : changes.moved) {
        containers_.erase(id);
        find_shape(id);
    }
    for (const CgroupId id : changes.added) {
        find_shape(id);
    }
    // A directory's name has a meaning only together with its parent's.
    for (const auto* parents : {&changes.moved, &changes.joined}) {
        for (const CgroupId parent : *parents) {
            for (const CgroupId child : tree_.children_of(parent)) {
                find_shape(child);
            }
        }
    }
    if (!changes.moved.empty() || !changes.joined.empty()) {
        forget_owners();
    } else if (!changes.added.empty()) {
        unknown_.clear();
    }
}

/// Records a container that is recognised by the name of its directory.
void KnownContainers::find_shape(CgroupId id) {
    const CgroupId parent = tree_.parent_of(id);
    auto shape = directory_shape(tree_.name_of(parent), tree_.name_of(id));
    const auto found = containers_.find(id);
    if (!shape) {
        if (found != containers_.end() && found->second.source == ContainerSource::shape) {
            containers_.erase(found);
        }
        return;
    }
    if (shape->runtime == "podman") {
        // podman --cgroup-parent P --pod: P/PODID64/libpod-ID64. That was the pod, not a container.
        const auto pod = containers_.find(parent);
        if (pod != containers_.end() && pod->second.source == ContainerSource::shape &&
            pod->second.runtime.empty()) {
            read_name(parent, pod->second);
            if (!pod->second.told) {
                containers_.erase(pod);
                forget_owners();
            }
        }
    }
    if (found != containers_.end() && found->second.source == ContainerSource::shape &&
        found->second.container.id == shape->id && found->second.runtime == shape->runtime) {
        return;
    }
    KnownContainer known;
    known.runtime = shape->runtime;
    // An id that no file has: some runtime of the OCI family, nothing more is known.
    known.container.runtime = shape->runtime.empty() ? "oci" : shape->runtime;
    known.container.id = shape->id;
    known.container.name = shape->name ? *shape->name : short_id(*shape->id);
    containers_.insert_or_assign(id, std::move(known));
}

void KnownContainers::read_names() {
    files_.forget_unread();
    for (auto& [id, known] : containers_) {
        if (known.source == ContainerSource::shape && tree_.is_alive(id)) {
            read_name(id, known);
        }
    }
    locate();
}

void KnownContainers::read_name(CgroupId root) {
    if (const auto found = containers_.find(root); found != containers_.end()) {
        read_name(root, found->second);
    }
}

void KnownContainers::read_name(CgroupId id, KnownContainer& known) {
    if (!known.container.id) {
        return;  // named by its path
    }
    auto container = files_.by_id(*known.container.id, known.runtime);
    if (!container) {
        const auto path = tree_.path_of(id);
        const auto user = path ? user_of(*path) : std::nullopt;
        if (user) {
            container = files_.by_id_of_user(*known.container.id, known.runtime, *user);
        }
    }
    if (!container || *container == known.container) {
        known.told = known.told || container.has_value();
        return;  // the last good name is kept
    }
    known.container = std::move(*container);
    known.told = true;
    const auto owner = owners_.find(id);
    if (owner != owners_.end()) {
        owner->second.container = known.container;
    }
}

/// The user who may create containers in a cgroup and whose files may name them: by the slice that
/// it is in, else the owner of its directory, to whom it was delegated. None: root.
std::optional<uid_t> KnownContainers::user_of(const std::string& path) const {
    if (const auto user = user_of_slice(path)) {
        return user;
    }
    struct stat status {};
    const std::string directory = paths_.hierarchy + path;
    const bool is_users = ::stat(directory.c_str(), &status) == 0 && status.st_uid != 0;
    return is_users ? std::optional(status.st_uid) : std::nullopt;
}

/// The cgroup with that path, if it is `id` or above it and is not known to be dead.
std::optional<CgroupId> KnownContainers::find_above(CgroupId id, const std::string& path) const {
    for (const CgroupId each : tree_.ancestry(id)) {
        if (tree_.is_alive(each) && tree_.path_of(each) == path) {
            return each;
        }
    }
    return std::nullopt;
}

void KnownContainers::locate(CgroupId seen) {
    for (RuntimeFiles::Located& located : files_.with_cgroup()) {
        for (const std::string& cgroup : located.cgroups) {
            const std::string path = below_mount_point(cgroup, paths_.hierarchy);
            if (!path.starts_with('/') || path.find("/..") != std::string::npos) {
                continue;
            }
            auto id = tree_.find_on_disk(path);
            if (!id && seen != 0) {
                id = find_above(seen, path);
            }
            if (!id || *id == tree_.root() || (located.user && user_of(path) != located.user)) {
                continue;
            }
            const auto above = containers_.find(container_above(*id));
            if (above != containers_.end() && above->second.source == ContainerSource::shape &&
                above->second.container.id == located.container.id) {
                break;  // known by its shape, and named by its own runtime's file
            }
            const auto found = containers_.find(*id);
            if (found == containers_.end()) {
                forget_owners();
            } else if (found->second.source == ContainerSource::shape ||
                       found->second.container == located.container) {
                break;
            }
            owners_.erase(*id);
            containers_.insert_or_assign(*id, KnownContainer{std::move(located.container),
                                                             ContainerSource::files, "", true});
            break;
        }
    }
}

void KnownContainers::add_home_made(CgroupId root) {
    KnownContainer known;
    known.container.name = *tree_.path_of(root);
    known.container.runtime = "namespaces";
    known.source = ContainerSource::namespaces;
    containers_.insert_or_assign(root, std::move(known));
    forget_owners();
}

void KnownContainers::name_by_node(CgroupId root, const std::string& name) {
    std::string& known = containers_.at(root).container.name;
    if (known != name) {
        known = name;
        owners_.erase(root);
    }
}

const KnownContainer* KnownContainers::find(CgroupId root) const {
    const auto found = containers_.find(root);
    return found == containers_.end() ? nullptr : &found->second;
}

CgroupId KnownContainers::container_above(CgroupId id) const {
    for (int level = 0; id != 0 && level < kDeepest; ++level) {
        if (containers_.contains(id)) {
            return id;
        }
        id = tree_.parent_of(id);
    }
    return 0;
}

const Owner& KnownContainers::owner_of(CgroupId id) const {
    if (id == kKernelThreads) {
        return kernel_;
    }
    if (const auto root = root_of_.find(id); root != root_of_.end()) {
        if (const auto owner = owners_.find(root->second); owner != owners_.end()) {
            return owner->second;
        }
    }
    if (const auto asked = unknown_.find(id); asked != unknown_.end()) {
        return asked->second;
    }
    CgroupId root = container_above(id);
    if (root == 0) {
        // The host's own: its unit, else the cgroup right below the root.
        const auto chain = tree_.ancestry(id);
        if (chain.empty()) {
            Owner nobody;
            nobody.root = id;
            return unknown_.insert_or_assign(id, std::move(nobody)).first->second;
        }
        const std::string path = *tree_.path_of(id);
        if (const auto unit = find_systemd_unit(path)) {
            const auto level = std::count(
                path.begin(), path.begin() + static_cast<std::ptrdiff_t>(unit->length), '/');
            root = chain[static_cast<std::size_t>(level)];
        } else {
            root = chain[std::min<std::size_t>(1, chain.size() - 1)];
        }
    }
    root_of_[id] = root;
    const auto [place, is_new] = owners_.try_emplace(root);
    Owner& owner = place->second;
    if (is_new) {
        owner.root = root;
        owner.cgroup = tree_.path_of(root);
        owner.systemd_unit = owner.cgroup ? systemd_unit_of(*owner.cgroup) : std::nullopt;
        if (const auto known = containers_.find(root); known != containers_.end()) {
            owner.container = known->second.container;
        }
    }
    return owner;
}

}  // namespace tally
