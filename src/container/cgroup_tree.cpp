// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "util/error.h"

namespace tally {

namespace {

// Each level of the walk holds one open directory, and 1,024 is the usual limit of open files.
// Deeper cgroups are only known by their births.
constexpr int kDeepestWalk = 256;

// No kernel makes a chain this long, which would have a path of 8 KiB. False births could.
constexpr std::size_t kLongestAncestry = 4096;

// Events of different CPUs come in any order, but soon: only a few are pending.
constexpr std::size_t kMostEarlyDeaths = 4096;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace

CgroupTree::CgroupTree(std::string hierarchy, std::size_t most_dead)
    : hierarchy_(std::move(hierarchy)), most_dead_(most_dead), early_deaths_(kMostEarlyDeaths) {}

CgroupTree::Changes CgroupTree::walk() {
    const int fd = ::open(hierarchy_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        const int reason = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        throw Error("cannot read the cgroup hierarchy at {}: {}", hierarchy_,
                    std::strerror(reason));
    }
    Changes changes;
    ++walks_;
    root_ = status.st_ino;
    device_ = status.st_dev;
    put(root_, 0, "", changes);
    walk_directory(fd, root_, 0, changes);
    bury_unseen();
    drop_oldest_dead(changes);
    return changes;
}

void CgroupTree::walk_directory(int fd, CgroupId id, int depth, Changes& changes) {
    const Directory directory(::fdopendir(fd));
    if (!directory) {
        ::close(fd);
        keep_unread(id);
        return;
    }
    while (const dirent* entry = ::readdir(directory.get())) {
        if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        struct stat status {};
        if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(status.st_mode)) {
            continue;  // gone meanwhile
        }
        const CgroupId child = status.st_ino;
        put(child, id, entry->d_name, changes);
        // kernfs counts sub-directories in the links (kernfs_refresh_inode), and reading a cgroup's
        // directory is expensive: some 50 files each. File systems that do not count say 1.
        if (status.st_nlink == 2) {
            continue;
        }
        if (depth >= kDeepestWalk) {
            keep_unread(child);
            continue;
        }
        const int below = ::openat(fd, entry->d_name,
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (below >= 0) {
            walk_directory(below, child, depth + 1, changes);
        } else if (errno != ENOENT && errno != ENODEV) {
            keep_unread(child);  // e.g. too many open files: the cgroup may be alive
        }
    }
}

CgroupTree::Changes CgroupTree::add(CgroupId id, CgroupId parent, const std::string& name) {
    Changes changes;
    if (id == 0 || parent == 0 || id == root_ || name.empty() ||
        name.find('/') != std::string::npos || (knows(id) && !is_alive(id)) ||
        is_at_or_below(parent, id)) {
        return changes;
    }
    put(id, parent, name, changes);
    if (early_deaths_.erase(id)) {
        set_alive(id, nodes_.at(id), false);
        drop_oldest_dead(changes);
    }
    return changes;
}

bool CgroupTree::is_at_or_below(CgroupId id, CgroupId above) const {
    for (std::size_t level = 0; id != 0; ++level) {
        if (id == above || level == kLongestAncestry) {
            return true;
        }
        id = parent_of(id);
    }
    return false;
}

CgroupTree::Changes CgroupTree::bury(CgroupId id) {
    Changes changes;
    if (id == 0 || id == root_) {
        return changes;
    }
    const auto found = nodes_.find(id);
    if (found == nodes_.end() || !found->second.known) {
        early_deaths_.insert(id);
        return changes;
    }
    set_alive(id, found->second, false);
    drop_oldest_dead(changes);
    return changes;
}

void CgroupTree::set_alive(CgroupId id, Node& node, bool alive) {
    if (node.alive == alive) {
        return;
    }
    node.alive = alive;
    if (alive) {
        --dead_;
        droppable_.erase({node.death, id});
        return;
    }
    ++dead_;
    node.death = ++deaths_;
    note_if_droppable(id, node);
}

void CgroupTree::note_if_droppable(CgroupId id, const Node& node) {
    if (node.known && !node.alive && node.children.empty()) {
        droppable_.insert({node.death, id});
    }
}

void CgroupTree::put(CgroupId id, CgroupId parent, const std::string& name, Changes& changes) {
    Node& node = nodes_[id];
    node.seen = walks_;
    if (node.known) {
        set_alive(id, node, true);
    }
    if (node.known && node.parent == parent && node.name == name) {
        return;
    }
    if (node.known) {
        // A rename on version 1; version 2 refuses them.
        unlink(id, node.parent);
        changes.moved.push_back(id);
    } else {
        changes.added.push_back(id);
        if (!node.children.empty()) {
            changes.joined.push_back(id);
        }
    }
    node.known = true;
    node.alive = true;
    node.parent = parent;
    node.name = name;
    if (parent != 0) {
        // The reference to `node` stays good: unordered_map moves no elements.
        Node& above = nodes_[parent];
        above.children.insert(id);
        droppable_.erase({above.death, parent});
    }
}

void CgroupTree::unlink(CgroupId id, CgroupId parent) {
    const auto found = nodes_.find(parent);
    if (found == nodes_.end()) {
        return;
    }
    Node& above = found->second;
    above.children.erase(id);
    if (!above.known && above.children.empty()) {
        nodes_.erase(found);
    } else {
        note_if_droppable(parent, above);
    }
}

void CgroupTree::keep_unread(CgroupId id) {
    std::vector<CgroupId> open = {id};
    while (!open.empty()) {
        const CgroupId each = open.back();
        open.pop_back();
        for (const CgroupId child : nodes_[each].children) {
            Node& node = nodes_[child];
            if (node.alive && node.seen != walks_) {
                node.seen = walks_;
                open.push_back(child);
            }
        }
    }
}

void CgroupTree::bury_unseen() {
    for (auto& [id, node] : nodes_) {
        if (node.alive && node.seen != walks_) {
            set_alive(id, node, false);
        }
    }
}

void CgroupTree::drop_oldest_dead(Changes& changes) {
    while (dead_ > most_dead_ && !droppable_.empty()) {
        const CgroupId id = droppable_.begin()->second;
        droppable_.erase(droppable_.begin());
        const CgroupId parent = nodes_.at(id).parent;
        nodes_.erase(id);
        --dead_;
        unlink(id, parent);
        changes.dropped.push_back(id);
    }
}

bool CgroupTree::knows(CgroupId id) const {
    const auto found = nodes_.find(id);
    return found != nodes_.end() && found->second.known;
}

bool CgroupTree::is_alive(CgroupId id) const {
    const auto found = nodes_.find(id);
    return found != nodes_.end() && found->second.alive;
}

CgroupId CgroupTree::parent_of(CgroupId id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? 0 : found->second.parent;
}

std::string_view CgroupTree::name_of(CgroupId id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? std::string_view() : std::string_view(found->second.name);
}

const std::set<CgroupId>& CgroupTree::children_of(CgroupId id) const {
    static const std::set<CgroupId> kNone;
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? kNone : found->second.children;
}

std::vector<CgroupId> CgroupTree::ancestry(CgroupId id) const {
    std::vector<CgroupId> chain;
    while (id != 0 && chain.size() < kLongestAncestry) {
        const auto found = nodes_.find(id);
        if (found == nodes_.end() || !found->second.known) {
            return {};
        }
        chain.push_back(id);
        if (id == root_) {
            std::reverse(chain.begin(), chain.end());
            return chain;
        }
        id = found->second.parent;
    }
    return {};
}

std::optional<std::string> CgroupTree::path_of(CgroupId id) const {
    const auto chain = ancestry(id);
    if (chain.empty()) {
        return std::nullopt;
    }
    if (chain.size() == 1) {
        return "/";
    }
    std::string path;
    for (std::size_t at = 1; at < chain.size(); ++at) {
        path.append("/").append(name_of(chain[at]));
    }
    return path;
}

std::optional<CgroupId> CgroupTree::find(std::string_view path) const {
    CgroupId here = root_;
    std::size_t at = 0;
    while (here != 0 && at < path.size()) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view name = path.substr(at, end - at);
        at = end + 1;
        if (name.empty() || name == ".") {
            continue;
        }
        CgroupId next = 0;
        for (const CgroupId child : children_of(here)) {
            if (name_of(child) == name && (next == 0 || is_alive(child))) {
                next = child;
            }
        }
        here = next;
    }
    return here == 0 ? std::nullopt : std::optional(here);
}

std::optional<CgroupId> CgroupTree::find_on_disk(const std::string& path) const {
    struct stat status {};
    if (path.find('\0') != std::string::npos || ::stat((hierarchy_ + path).c_str(), &status) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_dev != device_ || !knows(status.st_ino)) {
        return std::nullopt;
    }
    return status.st_ino;
}

}  // namespace tally
