// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "container/container.h"

namespace tally {

/// The directories of one cgroup hierarchy by their numbers: the living, as the file system and
/// births tell, and the dead, whose paths a report still needs.
class CgroupTree {
  public:
    /// `most`: how many cgroups are remembered before the dead are dropped, oldest leaves first.
    /// The living always stay: the kernel has as many itself.
    explicit CgroupTree(std::string hierarchy, std::size_t most = 100'000);

    /// What one look at the file system or one birth has changed.
    struct Changes {
        std::vector<CgroupId> added;    ///< now known by name, parents before children
        std::vector<CgroupId> moved;    ///< have another name or parent than before
        std::vector<CgroupId> joined;   ///< of those added: had children before they had a name
        std::vector<CgroupId> dropped;  ///< dead and forgotten
    };

    /// Reads the whole tree. Throws Error if the hierarchy's root cannot be read.
    Changes walk();

    /// Adds what a birth tells. The parent need not be known (yet).
    Changes add(CgroupId id, CgroupId parent, const std::string& name);

    /// Whether its name and parent are known; a mere parent of a birth is not.
    bool knows(CgroupId id) const;
    bool is_alive(CgroupId id) const;
    /// 0 before the first walk.
    CgroupId root() const { return root_; }
    /// 0 for the root and for unknown cgroups.
    CgroupId parent_of(CgroupId id) const;
    /// The last part of the path; empty for the root and for unknown cgroups.
    std::string_view name_of(CgroupId id) const;
    const std::vector<CgroupId>& children_of(CgroupId id) const;

    /// From the root down to `id` itself; empty if a link is missing.
    std::vector<CgroupId> ancestry(CgroupId id) const;
    /// The path from the hierarchy's root, "/" for the root; none if a link is missing.
    std::optional<std::string> path_of(CgroupId id) const;

    /// A path from the hierarchy's root, in what is known; living before dead.
    std::optional<CgroupId> find(std::string_view path) const;
    /// The same by one look at the file system, and only if the cgroup is known.
    std::optional<CgroupId> find_on_disk(const std::string& path) const;

    /// All known cgroups, in no order.
    std::vector<CgroupId> all() const;

  private:
    struct Node {
        CgroupId parent = 0;
        std::string name;
        std::vector<CgroupId> children;
        std::uint64_t seen = 0;  ///< number of the walk that saw it last
        bool known = false;
        bool alive = false;
    };

    void walk_directory(int fd, CgroupId id, int depth, Changes& changes);
    void put(CgroupId id, CgroupId parent, const std::string& name, Changes& changes);
    void keep_unread(CgroupId id);
    void bury_unseen();
    void drop_oldest_dead(Changes& changes);
    void unlink(CgroupId id, CgroupId parent);

    std::string hierarchy_;
    std::size_t most_;
    CgroupId root_ = 0;
    std::uint64_t device_ = 0;
    std::uint64_t walks_ = 0;
    std::unordered_map<CgroupId, Node> nodes_;
    std::deque<CgroupId> dead_;  ///< in the order of their deaths
};

}  // namespace tally
