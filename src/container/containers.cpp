// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/containers.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "container/cgroup_tree.h"
#include "container/path_shapes.h"
#include "container/recent_ids.h"
#include "container/runtime_files.h"
#include "util/error.h"

namespace tally {

namespace {

// A cgroup that is born without the shape of a container may be one that only files tell of, and
// those may be gone by the next report. But births come by the thousand.
constexpr int kFileLooksPerRound = 16;

// The shortest part of an id that is taken for one; docker's own rule is any unique part, but two
// digits are too easily a name.
constexpr std::size_t kShortestId = 4;

// Cgroups that no walk has found are not looked for again: those of zombies, say, which were
// removed before the start.
constexpr std::size_t kMostNotFound = 16'384;

// Processes that were seen since the last look at all of them. The kernel tells each pid namespace
// of a cgroup once, so that is as many new containers in a second.
constexpr std::size_t kMostNoticed = 16'384;

// A chain of parents is never as long, unless births lie.
constexpr int kDeepest = 4096;

/// Who says that a cgroup is a container; the later word counts less.
enum class Source { shape, files, namespaces };

struct Known {
    Container container;
    Source source = Source::shape;
    std::string runtime;  ///< as its path says; empty: its path does not say
    bool told = false;    ///< by the runtime's files
};

/// Its inode, which is given to another as soon as it is gone, and when it began.
using PidNamespace = std::pair<std::uint32_t, std::uint64_t>;

PidNamespace namespace_of(const ProcessFacts& process) {
    return {process.pid_namespace, process.namespace_born};
}

/// The cgroups of the processes of each pid namespace but the host's.
using PidNamespaces = std::map<PidNamespace, std::set<CgroupId>>;

/// A pid namespace that may be a container.
struct Candidate {
    PidNamespace pid_namespace;
    std::vector<CgroupId> common;  ///< from the root to its cgroups' lowest common ancestor
    std::set<CgroupId> cgroups;
    bool is_common_good = false;  ///< that one can be the container, else each cgroup by itself
};

/// A path of the file system as a runtime wrote it, from the hierarchy's root. What runtimes call
/// the mount point may differ from ours.
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

bool is_match(const std::string& text, const std::string& wanted, bool is_pattern) {
    return text == wanted || (is_pattern && ::fnmatch(wanted.c_str(), text.c_str(), 0) == 0);
}

}  // namespace

struct Containers::State {
    explicit State(ContainerPaths given)
        : paths(std::move(given)), tree(paths.hierarchy), files(paths.root) {
        kernel.cgroup = "kernel";
    }

    void walk_tree();
    bool walk_once();
    bool is_missing(CgroupId id);
    void apply(const CgroupTree::Changes& changes);
    void find_shape(CgroupId id);
    void read_names();
    void read_name(CgroupId id, Known& known);
    std::optional<uid_t> user_of(const std::string& path) const;
    void locate_containers(CgroupId seen = 0);
    std::optional<CgroupId> find_above(CgroupId id, const std::string& path) const;
    CgroupId container_above(CgroupId id) const;
    const Owner& owner_of(CgroupId id) const;
    std::vector<Candidate> candidates_of(const PidNamespaces& of_namespace) const;
    void find_neighbours(const PidNamespaces& of_namespace,
                         std::vector<Candidate>& candidates) const;
    void find_by_namespaces(const std::vector<ProcessFacts>& processes);
    void name_by_node(const std::vector<ProcessFacts>& processes);
    std::vector<ProcessFacts> with_noticed(const std::vector<ProcessFacts>& living);
    bool is_untold(const Known& known) const;
    void forget_owners();

    ContainerPaths paths;
    CgroupTree tree;
    RuntimeFiles files;
    std::unordered_map<CgroupId, Known> containers;         ///< by the cgroup that holds all of it
    std::unordered_map<CgroupId, std::uint64_t> processes;  ///< in the very cgroup

    // Answers given: a memory of what owner_of() has worked out, and nothing else. A report asks
    // for each of its keys, and most keys are cgroups of few owners.
    mutable std::unordered_map<CgroupId, CgroupId> root_of;
    mutable std::unordered_map<CgroupId, Owner> owners;   ///< by root
    mutable std::unordered_map<CgroupId, Owner> unknown;  ///< those that are not in the tree
    Owner kernel;

    std::unordered_set<CgroupId> missing;  ///< seen and not known, for the next walk to find
    RecentIds not_found{kMostNotFound};    ///< those that it did not find

    std::deque<ProcessFacts> noticed;  ///< since the last observe()

    // walk() and observe() start a round; what is dear happens once in each.
    bool may_walk = true;
    int file_looks = kFileLooksPerRound;

    void start_round() {
        may_walk = true;
        file_looks = kFileLooksPerRound;
        unknown.clear();
    }
};

void Containers::State::forget_owners() {
    root_of.clear();
    owners.clear();
    unknown.clear();
}

void Containers::State::walk_tree() {
    apply(tree.walk());
    for (const CgroupId id : missing) {
        if (tree.ancestry(id).empty()) {
            not_found.insert(id);
        }
    }
    missing.clear();
}

/// Whether a walk might find this cgroup, of which the tree does not know enough.
bool Containers::State::is_missing(CgroupId id) {
    if (not_found.contains(id)) {
        return false;
    }
    if (missing.size() < kMostNotFound) {
        missing.insert(id);
    }
    return true;
}

/// Looks for a cgroup that ought to be there. Many may be missing: once per round.
bool Containers::State::walk_once() {
    if (!may_walk) {
        return false;
    }
    may_walk = false;
    try {
        walk_tree();
        read_names();
    } catch (const Error&) {
        return false;  // walk() tells the user; here the cgroup just stays unknown
    }
    return true;
}

void Containers::State::apply(const CgroupTree::Changes& changes) {
    for (const CgroupId id : changes.dropped) {
        containers.erase(id);
        root_of.erase(id);
        owners.erase(id);
    }
    for (const CgroupId id : changes.moved) {
        containers.erase(id);
        find_shape(id);
    }
    for (const CgroupId id : changes.added) {
        find_shape(id);
    }
    // What a directory is called says something together with its parent's name only.
    for (const auto* parents : {&changes.moved, &changes.joined}) {
        for (const CgroupId parent : *parents) {
            for (const CgroupId child : tree.children_of(parent)) {
                find_shape(child);
            }
        }
    }
    if (!changes.moved.empty() || !changes.joined.empty()) {
        forget_owners();
    } else if (!changes.added.empty()) {
        unknown.clear();
    }
}

/// Notes a container that the name of its directory betrays.
void Containers::State::find_shape(CgroupId id) {
    const CgroupId parent = tree.parent_of(id);
    auto shape = directory_shape(tree.name_of(parent), tree.name_of(id));
    const auto found = containers.find(id);
    if (!shape) {
        if (found != containers.end() && found->second.source == Source::shape) {
            containers.erase(found);
        }
        return;
    }
    if (shape->runtime == "podman") {
        // podman --cgroup-parent P --pod: P/PODID64/libpod-ID64. That was the pod, no container.
        const auto pod = containers.find(parent);
        if (pod != containers.end() && pod->second.source == Source::shape &&
            pod->second.runtime.empty()) {
            read_name(parent, pod->second);
            if (!pod->second.told) {
                containers.erase(pod);
                forget_owners();
            }
        }
    }
    if (found != containers.end() && found->second.source == Source::shape &&
        found->second.container.id == shape->id && found->second.runtime == shape->runtime) {
        return;
    }
    Known known;
    known.runtime = shape->runtime;
    // An id that no file knows: some runtime of the OCI family, and more cannot be said.
    known.container.runtime = shape->runtime.empty() ? "oci" : shape->runtime;
    known.container.id = shape->id;
    known.container.name = shape->name ? *shape->name : short_id(*shape->id);
    containers.insert_or_assign(id, std::move(known));
}

/// Once more the names of all living containers, for those that were renamed and those whose files
/// were not there at first. Costs little where nothing has changed: a stat(2) or two each.
void Containers::State::read_names() {
    files.forget_unread();
    for (auto& [id, known] : containers) {
        if (known.source == Source::shape && tree.is_alive(id)) {
            read_name(id, known);
        }
    }
    locate_containers();
}

void Containers::State::read_name(CgroupId id, Known& known) {
    if (!known.container.id) {
        return;  // named by its path
    }
    auto container = files.by_id(*known.container.id, known.runtime);
    if (!container) {
        const auto path = tree.path_of(id);
        const auto user = path ? user_of(*path) : std::nullopt;
        if (user) {
            container = files.by_id_of_user(*known.container.id, known.runtime, *user);
        }
    }
    if (!container || *container == known.container) {
        known.told = known.told || container.has_value();
        return;  // the last good name is kept
    }
    known.container = std::move(*container);
    known.told = true;
    const auto owner = owners.find(id);
    if (owner != owners.end()) {
        owner->second.container = known.container;
    }
}

/// The user who may make containers in a cgroup, and whose files may tell of them: by the slice it
/// is in, else the owner of its directory, to whom it was delegated. None: root.
std::optional<uid_t> Containers::State::user_of(const std::string& path) const {
    if (const auto user = user_of_slice(path)) {
        return user;
    }
    struct stat status {};
    const std::string directory = paths.hierarchy + path;
    const bool is_users = ::stat(directory.c_str(), &status) == 0 && status.st_uid != 0;
    return is_users ? std::optional(status.st_uid) : std::nullopt;
}

/// The cgroup of that path, if it is `id` or above it and we know of no death of it.
std::optional<CgroupId> Containers::State::find_above(CgroupId id, const std::string& path) const {
    for (const CgroupId each : tree.ancestry(id)) {
        if (tree.is_alive(each) && tree.path_of(each) == path) {
            return each;
        }
    }
    return std::nullopt;
}

/// Finds the containers of which only the runtimes' files tell where they are. A file whose cgroup
/// does not exist was left behind by one that is gone; but where a process was `seen` in one (0: in
/// none), it did exist then, though its directory may be gone by now.
void Containers::State::locate_containers(CgroupId seen) {
    for (RuntimeFiles::Located& located : files.with_cgroup()) {
        for (const std::string& cgroup : located.cgroups) {
            const std::string path = below_mount_point(cgroup, paths.hierarchy);
            if (!path.starts_with('/') || path.find("/..") != std::string::npos) {
                continue;
            }
            auto id = tree.find_on_disk(path);
            if (!id && seen != 0) {
                id = find_above(seen, path);
            }
            if (!id || *id == tree.root() || (located.user && user_of(path) != located.user)) {
                continue;
            }
            const auto above = containers.find(container_above(*id));
            if (above != containers.end() && above->second.source == Source::shape &&
                above->second.container.id == located.container.id) {
                break;  // known by its shape, and named by its own runtime's file
            }
            const auto found = containers.find(*id);
            if (found == containers.end()) {
                forget_owners();
            } else if (found->second.source == Source::shape ||
                       found->second.container == located.container) {
                break;
            }
            owners.erase(*id);
            containers.insert_or_assign(
                *id, Known{std::move(located.container), Source::files, "", true});
            break;
        }
    }
}

/// The nearest container at or above a cgroup; 0: none.
CgroupId Containers::State::container_above(CgroupId id) const {
    for (int level = 0; id != 0 && level < kDeepest; ++level) {
        if (containers.contains(id)) {
            return id;
        }
        id = tree.parent_of(id);
    }
    return 0;
}

const Owner& Containers::State::owner_of(CgroupId id) const {
    if (id == kKernelThreads) {
        return kernel;
    }
    if (const auto root = root_of.find(id); root != root_of.end()) {
        if (const auto owner = owners.find(root->second); owner != owners.end()) {
            return owner->second;
        }
    }
    if (const auto asked = unknown.find(id); asked != unknown.end()) {
        return asked->second;
    }
    CgroupId root = container_above(id);
    if (root == 0) {
        // The host's own: its unit, else the cgroup right below the root.
        const auto chain = tree.ancestry(id);
        if (chain.empty()) {
            Owner nobody;
            nobody.root = id;
            return unknown.insert_or_assign(id, std::move(nobody)).first->second;
        }
        const std::string path = *tree.path_of(id);
        if (const auto unit = find_systemd_unit(path)) {
            const auto level = std::count(
                path.begin(), path.begin() + static_cast<std::ptrdiff_t>(unit->length), '/');
            root = chain[static_cast<std::size_t>(level)];
        } else {
            root = chain[std::min<std::size_t>(1, chain.size() - 1)];
        }
    }
    root_of[id] = root;
    const auto [place, is_new] = owners.try_emplace(root);
    Owner& owner = place->second;
    if (is_new) {
        owner.root = root;
        owner.cgroup = tree.path_of(root);
        owner.systemd_unit = owner.cgroup ? systemd_unit_of(*owner.cgroup) : std::nullopt;
        if (const auto known = containers.find(root); known != containers.end()) {
            owner.container = known->second.container;
        }
    }
    return owner;
}

/// The pid namespaces that may be containers: all whose processes are in no known one.
std::vector<Candidate> Containers::State::candidates_of(const PidNamespaces& of_namespace) const {
    std::vector<Candidate> candidates;
    for (const auto& [number, cgroups] : of_namespace) {
        Candidate candidate;
        candidate.pid_namespace = number;
        bool is_contained = false;
        for (const CgroupId cgroup : cgroups) {
            // One of its processes is in a container: the others were moved out of it, or entered
            // its namespace from outside.
            is_contained = is_contained || container_above(cgroup) != 0;
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
        if (!is_contained && !candidate.cgroups.empty()) {
            candidates.push_back(std::move(candidate));
        }
    }
    return candidates;
}

/// Marks those that have a neighbour below their common ancestor: a process that is neither in
/// their pid namespace nor at or below one of their cgroups.
void Containers::State::find_neighbours(const PidNamespaces& of_namespace,
                                        std::vector<Candidate>& candidates) const {
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

/// Whether its path has the shape of a container's with an id, and no file of a runtime knows the
/// id.
bool Containers::State::is_untold(const Known& known) const {
    return known.source == Source::shape && !known.told && known.runtime.empty() &&
           known.container.id.has_value();
}

/// The living, and those that were seen since the last look and are gone: of each the last that was
/// told, if it is not among the living.
std::vector<ProcessFacts> Containers::State::with_noticed(const std::vector<ProcessFacts>& living) {
    std::vector<ProcessFacts> all = living;
    std::set<std::pair<std::uint32_t, PidNamespace>> have;
    for (const ProcessFacts& process : living) {
        have.emplace(process.pid, namespace_of(process));
    }
    for (; !noticed.empty(); noticed.pop_back()) {
        ProcessFacts& process = noticed.back();
        if (process.pid_namespace != 0 && have.emplace(process.pid, namespace_of(process)).second) {
            all.push_back(std::move(process));
        }
    }
    return all;
}

/// Rule 2: containers without a runtime, known by their own pid namespace.
void Containers::State::find_by_namespaces(const std::vector<ProcessFacts>& all) {
    std::unordered_set<CgroupId> with_host;  ///< cgroups with a process of the host at or below
    PidNamespaces of_namespace;
    // `unshare --fork` stays beside the container that it has made, and waits: it is of the host,
    // and part of the container's cgroup all the same.
    std::set<std::pair<std::uint32_t, CgroupId>> makers;
    for (const ProcessFacts& process : all) {
        if (process.made_by != 0 && process.node_name) {
            makers.emplace(process.made_by, process.cgroup);
        }
    }
    for (const ProcessFacts& process : all) {
        if (process.cgroup == kKernelThreads) {
            continue;
        }
        if (process.pid_namespace != 0) {
            of_namespace[namespace_of(process)].insert(process.cgroup);
            continue;
        }
        if (makers.contains({process.pid, process.cgroup})) {
            continue;
        }
        CgroupId id = process.cgroup;
        for (int level = 0; id != 0 && level < kDeepest && with_host.insert(id).second; ++level) {
            id = tree.parent_of(id);
        }
    }
    const auto may_be_container = [&](CgroupId id) {
        const auto path = tree.path_of(id);
        return id != tree.root() && path && !is_in_service(*path) && !with_host.contains(id);
    };

    std::vector<Candidate> candidates = candidates_of(of_namespace);
    for (Candidate& candidate : candidates) {
        candidate.is_common_good = may_be_container(candidate.common.back());
    }
    find_neighbours(of_namespace, candidates);
    std::vector<std::pair<std::size_t, CgroupId>> places;  ///< how deep, and where
    for (const Candidate& candidate : candidates) {
        if (candidate.is_common_good) {
            places.emplace_back(candidate.common.size(), candidate.common.back());
            continue;
        }
        for (const CgroupId cgroup : candidate.cgroups) {
            if (may_be_container(cgroup)) {
                places.emplace_back(tree.ancestry(cgroup).size(), cgroup);
            }
        }
    }
    // The highest first: a pid namespace made inside a container is a part of it.
    std::sort(places.begin(), places.end());
    for (const auto& [depth, id] : places) {
        if (container_above(id) != 0) {
            continue;
        }
        Known known;
        known.container.name = *tree.path_of(id);
        known.container.runtime = "namespaces";
        known.source = Source::namespaces;
        containers.insert_or_assign(id, std::move(known));
        forget_owners();
    }
}

/// Names those that nothing else names by their UTS node name, that of the oldest process first.
/// Again at each look: whoever makes a container by hand sets the name some time after making the
/// namespaces, which begin with the host's.
void Containers::State::name_by_node(const std::vector<ProcessFacts>& all) {
    struct Name {
        std::uint32_t pid = std::numeric_limits<std::uint32_t>::max();
        const std::string* text = nullptr;
    };
    std::unordered_map<CgroupId, Name> names;
    for (const ProcessFacts& process : all) {
        if (process.pid_namespace == 0 || !process.node_name || process.node_name->empty() ||
            *process.node_name == paths.node_name) {
            continue;
        }
        const auto known = containers.find(container_above(process.cgroup));
        if (known == containers.end() ||
            (known->second.source != Source::namespaces && !is_untold(known->second))) {
            continue;
        }
        Name& name = names[known->first];
        if (name.text == nullptr || process.pid < name.pid) {
            name = {process.pid, &*process.node_name};
        }
    }
    for (const auto& [id, name] : names) {
        std::string& known = containers.at(id).container.name;
        if (known != *name.text) {
            known = *name.text;
            owners.erase(id);
        }
    }
}

Containers::Containers(ContainerPaths paths) {
    while (paths.hierarchy.size() > 1 && paths.hierarchy.ends_with('/')) {
        paths.hierarchy.pop_back();
    }
    state_ = std::make_unique<State>(std::move(paths));
}

Containers::~Containers() = default;
Containers::Containers(Containers&&) noexcept = default;

void Containers::walk() {
    state_->start_round();
    state_->walk_tree();
    state_->read_names();
}

void Containers::add(const CgroupBirth& birth) {
    State& state = *state_;
    if (!state.tree.knows(birth.parent) && state.is_missing(birth.parent)) {
        state.walk_once();
    }
    state.not_found.erase(birth.id);
    state.apply(state.tree.add(birth.id, birth.parent, birth.name));
    // The names are read now: the container may be gone before anyone asks.
    const auto known = state.containers.find(birth.id);
    if (known != state.containers.end()) {
        state.read_name(birth.id, known->second);
    } else if (state.file_looks > 0 && state.container_above(birth.id) == 0) {
        --state.file_looks;
        state.locate_containers();
    }
}

void Containers::bury(CgroupId id) {
    state_->apply(state_->tree.bury(id));
}

void Containers::observe(const std::vector<ProcessFacts>& processes) {
    State& state = *state_;
    state.start_round();
    state.processes.clear();
    bool is_any_missing = false;
    for (const ProcessFacts& process : processes) {
        ++state.processes[process.cgroup];
        if (process.cgroup != kKernelThreads && !state.tree.knows(process.cgroup)) {
            is_any_missing = state.is_missing(process.cgroup) || is_any_missing;
        }
    }
    if (!is_any_missing || !state.walk_once()) {
        state.read_names();
    }
    const std::vector<ProcessFacts> all = state.with_noticed(processes);
    state.find_by_namespaces(all);
    state.name_by_node(all);
}

void Containers::notice(ProcessFacts process) {
    State& state = *state_;
    const CgroupId root = state.container_above(process.cgroup);
    const auto known = state.containers.find(root);
    if (known != state.containers.end() && known->second.source == Source::shape) {
        if (!known->second.told) {
            state.read_name(root, known->second);
        }
    } else if ((known == state.containers.end() || known->second.source == Source::namespaces) &&
               state.file_looks > 0 && process.cgroup != state.tree.root()) {
        --state.file_looks;
        state.locate_containers(process.cgroup);
    }
    if (state.noticed.size() >= kMostNoticed) {
        state.noticed.pop_front();
    }
    state.noticed.push_back(std::move(process));
}

bool Containers::has_noticed() const {
    return !state_->noticed.empty();
}

bool Containers::may_get_name(CgroupId cgroup) const {
    if (cgroup == kKernelThreads) {
        return false;
    }
    const Owner& owner = owner_of(cgroup);
    const auto found = state_->containers.find(owner.root);
    if (found == state_->containers.end()) {
        return !owner.cgroup || !is_in_service(*owner.cgroup);
    }
    const Known& known = found->second;
    if (known.source == Source::namespaces) {
        return known.container.name == owner.cgroup;
    }
    return known.source == Source::shape && !known.told && known.container.id &&
           known.container.name == short_id(*known.container.id);
}

void Containers::for_each(
    const std::function<void(CgroupId, const Container&, bool)>& visit) const {
    for (const auto& [id, known] : state_->containers) {
        visit(id, known.container, state_->tree.is_alive(id));
    }
}

void Containers::find_missing(std::span<const CgroupId> cgroups) {
    State& state = *state_;
    bool is_any_missing = false;
    for (const CgroupId id : cgroups) {
        if (id != kKernelThreads && !state.root_of.contains(id) &&
            state.tree.ancestry(id).empty()) {
            is_any_missing = state.is_missing(id) || is_any_missing;
        }
    }
    if (is_any_missing) {
        state.walk_once();
    }
}

const Owner& Containers::owner_of(CgroupId cgroup) const {
    return state_->owner_of(cgroup);
}

std::optional<std::string> Containers::path_of(CgroupId cgroup) const {
    return cgroup == kKernelThreads ? std::optional<std::string>("kernel")
                                    : state_->tree.path_of(cgroup);
}

std::optional<CgroupId> Containers::find_cgroup(const std::string& path) {
    State& state = *state_;
    if (path.empty() || path.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    const std::string& hierarchy = state.paths.hierarchy;
    const bool is_full = path == hierarchy || path.starts_with(hierarchy + "/");
    const auto look = [&]() -> std::optional<CgroupId> {
        const auto id = state.tree.find(is_full ? std::string_view(path).substr(hierarchy.size())
                                                : std::string_view(path));
        if (id && state.tree.is_alive(*id)) {
            return id;
        }
        // Through a symbolic link, or where the same hierarchy is mounted a second time.
        struct stat there {};
        struct stat here {};
        if (path.starts_with('/') && ::stat(path.c_str(), &there) == 0 &&
            ::stat(hierarchy.c_str(), &here) == 0 && there.st_dev == here.st_dev &&
            S_ISDIR(there.st_mode) && state.tree.is_alive(there.st_ino)) {
            return there.st_ino;
        }
        return std::nullopt;
    };
    if (const auto id = look()) {
        return id;
    }
    // Somebody typed this; it is worth a walk of its own.
    state.may_walk = true;
    state.walk_once();
    return look();
}

std::optional<std::string> Containers::unit_of(CgroupId cgroup) const {
    const auto path = state_->tree.path_of(cgroup);
    return path ? systemd_unit_of(*path) : std::nullopt;
}

std::vector<Containers::Listed> Containers::list() const {
    const State& state = *state_;
    std::unordered_map<CgroupId, std::uint64_t> processes;
    for (const auto& [cgroup, count] : state.processes) {
        CgroupId id = cgroup;
        for (int level = 0; id != 0 && level < kDeepest; ++level) {
            if (state.containers.contains(id)) {
                processes[id] += count;
            }
            id = state.tree.parent_of(id);
        }
    }
    std::vector<CgroupId> living;
    for (const auto& [id, known] : state.containers) {
        if (state.tree.is_alive(id)) {
            living.push_back(id);
        }
    }
    std::vector<Listed> all;
    for (const CgroupId id : living) {
        all.push_back({state.owner_of(id), processes[id]});
    }
    std::sort(all.begin(), all.end(), [](const Listed& one, const Listed& other) {
        return std::tie(one.owner.container->name, one.owner.root) <
               std::tie(other.owner.container->name, other.owner.root);
    });
    return all;
}

bool Containers::matches(const Container& container, const std::string& wanted) {
    if (wanted.empty()) {
        return false;
    }
    const bool is_pattern = wanted.find_first_of("*?[") != std::string::npos;
    if (is_match(container.name, wanted, is_pattern)) {
        return true;
    }
    if (container.id && (is_match(*container.id, wanted, is_pattern) ||
                         (wanted.size() >= kShortestId && container.id->starts_with(wanted)))) {
        return true;
    }
    if (container.pod && (is_match(*container.pod, wanted, is_pattern) ||
                          is_match(*container.pod + "/" + container.name, wanted, is_pattern))) {
        return true;
    }
    if (container.pod && container.pod_namespace &&
        is_match(*container.pod_namespace + "/" + *container.pod, wanted, is_pattern)) {
        return true;
    }
    return is_match(container.label(), wanted, is_pattern);
}

std::vector<CgroupId> Containers::subtree(CgroupId root) const {
    const CgroupTree& tree = state_->tree;
    std::vector<CgroupId> ids;
    if (tree.knows(root) && tree.is_alive(root)) {
        ids.push_back(root);
    }
    for (std::size_t at = 0; at < ids.size(); ++at) {
        for (const CgroupId child : tree.children_of(ids[at])) {
            if (tree.is_alive(child)) {
                ids.push_back(child);
            }
        }
    }
    return ids;
}

}  // namespace tally
