// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/namespace_containers.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "container/path_shapes.h"

namespace tally {
namespace {

using IsContained = std::function<bool(CgroupId)>;

/// The cgroups of the processes of each pid namespace except the host's.
using PidNamespaces = std::map<PidNamespace, std::set<CgroupId>>;

/// A pid namespace that may be a container.
struct Candidate {
    PidNamespace pid_namespace;
    std::vector<CgroupId> common;  ///< from the root to the lowest common ancestor of its cgroups
    std::set<CgroupId> cgroups;
    bool is_common_good =
        false;  ///< that ancestor can be the container, else each cgroup separately
};

/// Where processes are: those of pid namespaces, and those of the host.
struct Places {
    PidNamespaces of_namespace;
    std::unordered_set<CgroupId> with_host;  ///< cgroups with a process of the host at or below
};

Places places_of(const std::vector<ProcessFacts>& processes, const CgroupTree& tree) {
    // `unshare --fork` stays beside the container that it created, and waits: it is a process of
    // the host, but belongs to the container's cgroup.
    std::set<std::pair<std::uint32_t, CgroupId>> makers;
    for (const ProcessFacts& process : processes) {
        if (process.parent_of_init != 0 && process.node_name) {
            makers.emplace(process.parent_of_init, process.cgroup);
        }
    }
    Places places;
    for (const ProcessFacts& process : processes) {
        if (process.cgroup == kKernelThreads) {
            continue;
        }
        if (process.pid_namespace != 0) {
            places.of_namespace[namespace_of(process)].insert(process.cgroup);
            continue;
        }
        if (makers.contains({process.pid, process.cgroup})) {
            continue;
        }
        // Up to a cgroup that was added before with all its ancestors.
        for (CgroupId id = process.cgroup; id != 0 && places.with_host.insert(id).second;) {
            id = tree.parent_of(id);
        }
    }
    return places;
}

/// The pid namespaces that may be containers: those with no process in a known container.
std::vector<Candidate> candidates_of(const PidNamespaces& of_namespace, const CgroupTree& tree,
                                     const IsContained& is_contained) {
    std::vector<Candidate> candidates;
    for (const auto& [number, cgroups] : of_namespace) {
        Candidate candidate;
        candidate.pid_namespace = number;
        bool is_any_contained = false;
        for (const CgroupId cgroup : cgroups) {
            // One of its processes is in a container: the others were moved out of that container,
            // or entered its namespace from outside.
            is_any_contained = is_any_contained || is_contained(cgroup);
            const auto chain = tree.ancestry(cgroup);
            if (chain.empty()) {
                continue;
            }
            if (candidate.cgroups.empty()) {
                candidate.common = chain;
            } else {
                const auto differ = std::mismatch(candidate.common.begin(), candidate.common.end(),
                                                  chain.begin(), chain.end());
                candidate.common.erase(differ.first, candidate.common.end());
            }
            candidate.cgroups.insert(cgroup);
        }
        if (!is_any_contained && !candidate.cgroups.empty()) {
            candidates.push_back(std::move(candidate));
        }
    }
    return candidates;
}

/// Marks those that have a neighbour below their common ancestor: a process that is neither in
/// their pid namespace nor at or below one of their cgroups.
void find_neighbours(const PidNamespaces& of_namespace, const CgroupTree& tree,
                     std::vector<Candidate>& candidates) {
    std::unordered_map<CgroupId, std::vector<Candidate*>> by_common;
    for (Candidate& candidate : candidates) {
        const CgroupId common = candidate.common.back();
        if (candidate.is_common_good && !candidate.cgroups.contains(common)) {
            by_common[common].push_back(&candidate);
        }
    }
    if (by_common.empty()) {
        return;
    }
    for (const auto& [number, cgroups] : of_namespace) {
        for (const CgroupId cgroup : cgroups) {
            const auto chain = tree.ancestry(cgroup);
            for (auto level = chain.begin(); level != chain.end(); ++level) {
                const auto found = by_common.find(*level);
                if (found == by_common.end()) {
                    continue;
                }
                for (Candidate* candidate : found->second) {
                    const bool is_own = candidate->pid_namespace == number ||
                                        std::any_of(level, chain.end(), [&](CgroupId each) {
                                            return candidate->cgroups.contains(each);
                                        });
                    candidate->is_common_good = candidate->is_common_good && is_own;
                }
            }
        }
    }
}

}  // namespace

PidNamespace namespace_of(const ProcessFacts& process) {
    return {process.pid_namespace, process.namespace_born};
}

std::vector<CgroupId> find_namespace_containers(const std::vector<ProcessFacts>& processes,
                                                const CgroupTree& tree,
                                                const IsContained& is_contained) {
    const Places places = places_of(processes, tree);
    const auto may_be_container = [&](CgroupId id) {
        const auto path = tree.path_of(id);
        return id != tree.root() && path && !is_in_service(*path) && !places.with_host.contains(id);
    };
    std::vector<Candidate> candidates = candidates_of(places.of_namespace, tree, is_contained);
    for (Candidate& candidate : candidates) {
        candidate.is_common_good = may_be_container(candidate.common.back());
    }
    find_neighbours(places.of_namespace, tree, candidates);

    std::vector<std::pair<std::size_t, CgroupId>> found;  ///< how deep, and where
    for (const Candidate& candidate : candidates) {
        if (candidate.is_common_good) {
            found.emplace_back(candidate.common.size(), candidate.common.back());
            continue;
        }
        for (const CgroupId cgroup : candidate.cgroups) {
            if (may_be_container(cgroup)) {
                found.emplace_back(tree.ancestry(cgroup).size(), cgroup);
            }
        }
    }
    // The highest first: a pid namespace made inside a container is a part of it.
    std::sort(found.begin(), found.end());
    std::unordered_set<CgroupId> chosen;
    std::vector<CgroupId> containers;
    for (const auto& [depth, id] : found) {
        const auto chain = tree.ancestry(id);
        const bool is_part = std::any_of(chain.begin(), chain.end(),
                                         [&](CgroupId each) { return chosen.contains(each); });
        if (!is_part && !is_contained(id)) {
            chosen.insert(id);
            containers.push_back(id);
        }
    }
    return containers;
}

std::map<CgroupId, std::string> find_node_names(
    const std::vector<ProcessFacts>& processes, const std::string& host_name,
    const std::function<CgroupId(CgroupId)>& nameless_container_of) {
    std::map<CgroupId, const ProcessFacts*> oldest;
    for (const ProcessFacts& process : processes) {
        if (process.pid_namespace == 0 || !process.node_name || process.node_name->empty() ||
            *process.node_name == host_name) {
            continue;
        }
        const CgroupId container = nameless_container_of(process.cgroup);
        if (container == 0) {
            continue;
        }
        const ProcessFacts*& known = oldest[container];
        if (known == nullptr || process.pid < known->pid) {
            known = &process;
        }
    }
    std::map<CgroupId, std::string> names;
    for (const auto& [container, process] : oldest) {
        names.emplace(container, *process->node_name);
    }
    return names;
}

}  // namespace tally
