// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "container/container.h"
#include "container/recent_ids.h"

namespace tally {

/// The directories of one cgroup hierarchy by their numbers: the living, from the file system and
/// from births and deaths, and the dead, whose paths a report may still need.
class CgroupTree {
  public:
    /// `most_dead`: how many dead cgroups are kept; beyond that, the oldest without children are
    /// dropped. The living always stay: the kernel has as many itself.
    explicit CgroupTree(std::string hierarchy, std::size_t most_dead = 20'000);

    /// The changes of one walk of the file system, one birth or one death.
    struct Changes {
        std::vector<CgroupId> added;   ///< now known by name, parents before children
        std::vector<CgroupId> moved;   ///< with a new name or parent
        std::vector<CgroupId> joined;  ///< of those in `added`: had children before they had a name
        std::vector<CgroupId> dropped;  ///< dead and forgotten
    };

    /// Reads the whole tree. Throws Error if the hierarchy's root cannot be read.
    Changes walk();

    /// Adds a birth. The parent need not be known (yet). The dead stay dead: ids do not come back,
    /// so such a birth was merely reported after the death. A birth that would make a ring is false
    /// and adds nothing, so from each cgroup the way up and all ways down have an end.
    Changes add(CgroupId id, CgroupId parent, const std::string& name);

    /// Records a death. A death reported before the birth is kept for a while.
    Changes bury(CgroupId id);

    /// Whether the name and parent of a cgroup are known; those of a mere parent of a birth are
    /// not.
    bool knows(CgroupId id) const;
    bool is_alive(CgroupId id) const;
    /// 0 before the first walk.
    CgroupId root() const { return root_; }
    /// 0 for the root and for unknown cgroups.
    CgroupId parent_of(CgroupId id) const;
    /// The last part of the path; empty for the root and for unknown cgroups.
    std::string_view name_of(CgroupId id) const;
    const std::set<CgroupId>& children_of(CgroupId id) const;

    /// From the root down to `id` itself; empty if a link is missing.
    std::vector<CgroupId> ancestry(CgroupId id) const;
    /// The path from the hierarchy's root, "/" for the root; none if a link is missing.
    std::optional<std::string> path_of(CgroupId id) const;

    /// Looks up a path from the hierarchy's root among the known cgroups; the living before the
    /// dead.
    std::optional<CgroupId> find(std::string_view path) const;
    /// The same by the file system, and only if the cgroup is known.
    std::optional<CgroupId> find_on_disk(const std::string& path) const;

    /// How many cgroups are held in memory, living, dead and mere parents of births.
    std::size_t size() const { return nodes_.size(); }

  private:
    struct Node {
        CgroupId parent = 0;
        std::string name;
        std::set<CgroupId> children;  ///< ordered: a parent may have thousands of dead ones
        std::uint64_t seen = 0;       ///< number of the last walk that saw it
        std::uint64_t death = 0;      ///< its place in the order of deaths
        bool known = false;
        bool alive = false;
    };

    void walk_directory(int fd, CgroupId id, int depth, Changes& changes);
    void put(CgroupId id, CgroupId parent, const std::string& name, Changes& changes);
    /// True too if the chain between them is too long to be real.
    bool is_at_or_below(CgroupId id, CgroupId above) const;
    void keep_unread(CgroupId id);
    void set_alive(CgroupId id, Node& node, bool alive);
    void note_if_droppable(CgroupId id, const Node& node);
    void bury_unseen();
    void drop_oldest_dead(Changes& changes);
    void unlink(CgroupId id, CgroupId parent);

    std::string hierarchy_;
    std::size_t most_dead_;
    CgroupId root_ = 0;
    std::uint64_t device_ = 0;
    std::uint64_t walks_ = 0;
    std::unordered_map<CgroupId, Node> nodes_;
    std::uint64_t deaths_ = 0;
    std::size_t dead_ = 0;                                    ///< known and not alive
    std::set<std::pair<std::uint64_t, CgroupId>> droppable_;  ///< dead, without children; by death
    RecentIds early_deaths_;                                  ///< reported before the birth
};

}  // namespace tally
