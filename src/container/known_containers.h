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

/// Where things are on this machine; tests point them elsewhere.
struct ContainerPaths {
    std::string hierarchy;  ///< mount point of the cgroup hierarchy: "/sys/fs/cgroup/unified"
    std::string root;  ///< put before the runtimes' files ("/run", "/var/lib"); "" on a real host
    std::string node_name = {};  ///< the host's own, which names no container
};

/// Who says that a cgroup is a container; the later word counts less.
enum class ContainerSource {
    shape,       ///< its path
    files,       ///< a file of its runtime, which names the cgroup
    namespaces,  ///< its processes
};

struct KnownContainer {
    Container container;
    ContainerSource source = ContainerSource::shape;
    std::string runtime;  ///< as its path says; empty: its path does not say
    bool told = false;    ///< by the runtime's files

    /// Its path has the shape of a container's with an id, and no file of a runtime knows the id.
    bool is_untold() const {
        return source == ContainerSource::shape && !told && runtime.empty() &&
               container.id.has_value();
    }
};

/// The cgroups of one hierarchy, which of them are containers, and what these are called by their
/// paths and their runtimes' files. What processes tell is given to it (Containers).
class KnownContainers {
  public:
    explicit KnownContainers(ContainerPaths paths);

    const ContainerPaths& paths() const { return paths_; }
    const CgroupTree& tree() const { return tree_; }

    /// Reads the whole tree. Throws Error (CgroupTree::walk()).
    void walk() { apply(tree_.walk()); }
    void add(const CgroupBirth& birth) { apply(tree_.add(birth.id, birth.parent, birth.name)); }
    void bury(CgroupId id) { apply(tree_.bury(id)); }

    /// Once more the names of all living containers, for those that were renamed and those whose
    /// files were not there at first. Costs little where nothing has changed: a stat(2) or two
    /// each.
    void read_names();

    /// The same for one container.
    void read_name(CgroupId root);

    /// Finds the containers of which only the runtimes' files tell where they are. A file whose
    /// cgroup does not exist was left behind by one that is gone; but where a process was `seen` in
    /// one (0: in none), it did exist then, though its directory may be gone by now.
    void locate(CgroupId seen = 0);

    /// A cgroup is a container that only its namespaces betray, called by its path.
    void add_home_made(CgroupId root);

    /// Names a container by its UTS node name.
    void name_by_node(CgroupId root, const std::string& name);

    /// By the cgroup that holds all of it; null: that is no container. Good until the next call of
    /// a non-const function.
    const KnownContainer* find(CgroupId root) const;
    const std::unordered_map<CgroupId, KnownContainer>& all() const { return containers_; }

    /// The nearest container at or above a cgroup; 0: none.
    CgroupId container_above(CgroupId id) const;

    /// Containers::owner_of().
    const Owner& owner_of(CgroupId id) const;

    /// Cgroups that are not in the tree are asked of it again.
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

    // Answers given: a memory of what owner_of() has worked out, and nothing else. A report asks
    // for each of its keys, and most keys are cgroups of few owners.
    mutable std::unordered_map<CgroupId, CgroupId> root_of_;
    mutable std::unordered_map<CgroupId, Owner> owners_;   ///< by root
    mutable std::unordered_map<CgroupId, Owner> unknown_;  ///< those that are not in the tree
    Owner kernel_;
};

}  // namespace tally
