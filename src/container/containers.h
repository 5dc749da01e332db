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

/// The containers of this machine and the cgroups that belong to them: docs/containers.md.
///
/// Holds the tree of one hierarchy, from the last walk and from later births and deaths, and keeps
/// the last 20,000 dead. Not thread safe.
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
    /// runtime's files are no longer read. May be reported before the birth.
    void bury(CgroupId id);

    /// A process was seen in a cgroup: it exec'ed there, was moved there, or exited. It is kept
    /// until the next observe(), even if it has exited by then. A container that is named by its
    /// runtime's files is looked up again now: at the first exec, these files exist.
    void notice(ProcessFacts process);

    /// Whether a process was noticed since the last observe().
    bool has_noticed() const;

    /// Passes the cgroups of all processes, for containers that are known only by their namespaces,
    /// and for the number of processes. Replaces those of the last call; containers that were found
    /// stay known. Reads the runtimes' files again, including those that were written after a
    /// birth. Where nothing has changed, this costs a few stat(2) per container and does not walk
    /// the tree.
    void observe(const std::vector<ProcessFacts>& processes);

    /// Takes cgroups in which something was measured, after all births until then were added. If
    /// some are not known (their births were lost), the tree is walked: at most once between two
    /// calls of observe(), else by the next one, and not again for cgroups that a walk did not
    /// find, such as those removed before the start. Returns whether the tree was walked: there may
    /// be new names.
    bool find_missing(std::span<const CgroupId> cgroups);

    /// Whether more may become known about a cgroup's owner: so far only the id or the path of its
    /// container is known, or no container at all.
    bool may_get_name(CgroupId cgroup) const;

    /// The owner of `cgroup`, as far as is known. Never throws: an unknown cgroup has an Owner that
    /// says so. The reference is good until the next call of a non-const function.
    const Owner& owner_of(CgroupId cgroup) const;

    /// The path of a cgroup from the hierarchy's root; none if unknown.
    std::optional<std::string> path_of(CgroupId cgroup) const;

    /// The id of a cgroup named by a path in the file system or from the hierarchy's root.
    std::optional<CgroupId> find_cgroup(const std::string& path);

    /// The innermost systemd unit of a cgroup, even inside a container.
    std::optional<std::string> unit_of(CgroupId cgroup) const;

    /// A container that exists or existed, and its processes.
    struct Listed {
        Owner owner;
        std::uint64_t processes = 0;  ///< in its cgroup and below, as of the last observe()
    };
    /// All living containers (cgroup still there), by name.
    std::vector<Listed> list() const;

    /// Calls `visit` for each known container, living or dead, in no particular order.
    void for_each(const std::function<void(CgroupId root, const Container& container, bool alive)>&
                      visit) const;

    /// All living cgroups at and below `root`, parents first.
    std::vector<CgroupId> subtree(CgroupId root) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tally
