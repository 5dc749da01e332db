// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>

#include "container/cgroup_tree.h"
#include "container/container.h"
#include "container/kernel_reports.h"
#include "container/runtime_files.h"

namespace tally {

/// Paths on this machine; tests use others.
struct ContainerPaths {
    std::string hierarchy;  ///< mount point of the cgroup hierarchy: "/sys/fs/cgroup/unified"
    std::string root;  ///< prefix of the runtimes' files ("/run", "/var/lib"); "" on a real host
    std::string node_name = {};  ///< the host's own, which is no container's name
};

/// How a cgroup is known to be a container; later entries have less weight.
enum class ContainerSource {
    shape,       ///< its path
    files,       ///< a file of its runtime, which names the cgroup
    namespaces,  ///< its processes
};

struct KnownContainer {
    Container container;
    ContainerSource source = ContainerSource::shape;
    std::string runtime;  ///< from its path; empty: the path does not show it
    bool told = false;    ///< named by the runtime's files

    /// Its path has the shape of a container's with an id, but no runtime's file has that id.
    bool is_untold() const {
        return source == ContainerSource::shape && !told && runtime.empty() &&
               container.id.has_value();
    }
};

/// The cgroups of one hierarchy, which of them are containers, and the containers' names from their
/// paths and their runtimes' files. Facts from processes are passed in (Containers).
class KnownContainers {
  public:
    explicit KnownContainers(ContainerPaths paths);

    const ContainerPaths& paths() const { return paths_; }
    const CgroupTree& tree() const { return tree_; }

    /// Reads the whole tree. Throws Error (CgroupTree::walk()).
    void walk() { apply(tree_.walk()); }
    void add(const CgroupBirth& birth) { apply(tree_.add(birth.id, birth.parent, birth.name)); }
    void bury(CgroupId id) { apply(tree_.bury(id)); }

    /// Looks up the names of all living containers again, because containers may be renamed and
    /// files may be written late. Cheap where nothing has changed: a stat(2) or two each.
    void read_names();

    /// The same for one container.
    void read_name(CgroupId root);

    /// Finds the containers whose cgroup is known only from the runtimes' files. A file whose
    /// cgroup does not exist was left behind by a dead container; but a cgroup in which a process
    /// was `seen` (0: none) did exist then, even if its directory is gone by now.
    void locate(CgroupId seen = 0);

    /// Records a cgroup as a container known only by its namespaces, and named by its path.
    void add_home_made(CgroupId root);

    /// Names a container by its UTS node name.
    void name_by_node(CgroupId root, const std::string& name);

    /// The container with this root cgroup; null: it is not a container. Valid until the next call
    /// of a non-const function.
    const KnownContainer* find(CgroupId root) const;
    const std::unordered_map<CgroupId, KnownContainer>& all() const { return containers_; }

    /// The nearest container at or above a cgroup; 0: none.
    CgroupId container_above(CgroupId id) const;

    /// Containers::owner_of().
    const Owner& owner_of(CgroupId id) const;

    /// Cgroups that are not in the tree are looked up in it again.
    void forget_unknown() { unknown_.clear(); }

  private:
    void apply(const CgroupTree::Changes& changes);
    void find_shape(CgroupId id);
    void read_name(CgroupId id, KnownContainer& known);
    std::optional<uid_t> user_of(const std::string& path) const;
    std::optional<CgroupId> find_above(CgroupId id, const std::string& path) const;
    void forget_owners();

    ContainerPaths paths_;
    CgroupTree tree_;
    RuntimeFiles files_;
    std::unordered_map<CgroupId, KnownContainer> containers_;

    // A cache of the results of owner_of(), and nothing else. A report asks for each of its keys,
    // and most keys are cgroups of few owners.
    mutable std::unordered_map<CgroupId, CgroupId> root_of_;
    mutable std::unordered_map<CgroupId, Owner> owners_;   ///< by root
    mutable std::unordered_map<CgroupId, Owner> unknown_;  ///< for cgroups that are not in the tree
    Owner kernel_;
};

}  // namespace tally
