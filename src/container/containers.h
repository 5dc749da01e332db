// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "container/container.h"
#include "container/kernel_reports.h"
#include "container/known_containers.h"

namespace tally {

/// The containers of this machine and the cgroups that belong to them: design.md, "Containers".
///
/// Holds the tree of one hierarchy as it was walked and as births and deaths have changed it, and
/// keeps the last 20,000 dead. Not thread safe.
class Containers {
  public:
    explicit Containers(ContainerPaths paths);
    ~Containers();
    Containers(Containers&&) noexcept;

    /// Reads the whole tree from the file system and adds what is new. Throws Error if the
    /// hierarchy cannot be read at all; a directory that vanishes meanwhile is no error.
    void walk();

    /// Adds one cgroup. Unknown parents are looked up in the file system; if that fails too, the
    /// cgroup is known by id only.
    void add(const CgroupBirth& birth);

    /// A cgroup was removed (tracepoint cgroup:cgroup_rmdir). It keeps its name and path, but its
    /// runtime's files are looked at no more. May be told before the birth.
    void bury(CgroupId id);

    /// A process was seen in a cgroup (its first exec there, that it was moved there, its end). It
    /// may be gone by the next observe(), which remembers it until then. What is called by its
    /// runtime's files is looked up again now: by the first exec, they are there.
    void notice(ProcessFacts process);

    /// Whether there is something that was noticed and waits for observe().
    bool has_noticed() const;

    /// Tells where all processes are now, for containers that only their namespaces betray, and
    /// for the number of processes. Replaces what was told before; containers found stay known.
    /// Reads again what the runtimes' files say, also of births whose files came later. Where
    /// nothing has changed it costs a few stat(2) for each container and does not walk the tree.
    void observe(const std::vector<ProcessFacts>& processes);

    /// Cgroups in which something was measured, after all births until then were added. If some are
    /// not known (their births were lost), the tree is walked: once between two observe(), else by
    /// the next one, and not again for those that a walk has not found, as cgroups removed before
    /// the start are not. Returns whether it was walked: names may have come.
    bool find_missing(std::span<const CgroupId> cgroups);

    /// Whether what is known of a cgroup's owner may still become more: a container of which only
    /// the id or the path is known, or none yet.
    bool may_get_name(CgroupId cgroup) const;

    /// Whose `cgroup` is, as far as is known. Never throws: what is not known has an Owner that
    /// says so. The reference is good until the next call of a non-const function.
    const Owner& owner_of(CgroupId cgroup) const;

    /// The path of a cgroup from the hierarchy's root; none if unknown.
    std::optional<std::string> path_of(CgroupId cgroup) const;

    /// The id of a cgroup named by a path in the file system or from the hierarchy's root.
    std::optional<CgroupId> find_cgroup(const std::string& path);

    /// The innermost systemd unit of a cgroup, also inside a container.
    std::optional<std::string> unit_of(CgroupId cgroup) const;

    /// A container that exists or existed, and its processes.
    struct Listed {
        Owner owner;
        std::uint64_t processes = 0;  ///< in its cgroup and below, at the last observe()
    };
    /// All living containers (cgroup still there), by name.
    std::vector<Listed> list() const;

    /// Calls `visit` for each container that is known, the living and the dead, in no order.
    void for_each(const std::function<void(CgroupId root, const Container& container, bool alive)>&
                      visit) const;

    /// All living cgroups at and below `root`, parents first.
    std::vector<CgroupId> subtree(CgroupId root) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tally
