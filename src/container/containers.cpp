// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/containers.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "container/namespace_containers.h"
#include "container/path_shapes.h"
#include "container/recent_ids.h"
#include "util/error.h"

namespace tally {

namespace {

// A new cgroup without the shape of a container may be a container that only files name, and those
// may be gone by the next report. But there may be thousands of births.
constexpr int kFileLooksPerRound = 16;

// Cgroups that no walk has found are not looked for again: for example those of zombies, which were
// removed before the start.
constexpr std::size_t kMostNotFound = 16'384;

// Processes that were noticed since the last observe(). The kernel reports each pid namespace of a
// cgroup once, so this is the number of new containers in a second.
constexpr std::size_t kMostNoticed = 16'384;

}  // namespace

struct Containers::State {
    explicit State(ContainerPaths paths) : known(std::move(paths)) {}

    const CgroupTree& tree() const { return known.tree(); }
    void walk();
    bool walk_once();
    bool is_missing(CgroupId id);
    std::vector<ProcessFacts> with_noticed(const std::vector<ProcessFacts>& living);
    void start_round();

    KnownContainers known;
    std::unordered_map<CgroupId, std::uint64_t> processes;  ///< in the cgroup itself
    std::unordered_set<CgroupId> missing;  ///< measured but unknown, for the next walk to find
    RecentIds not_found{kMostNotFound};    ///< those that no walk found
    std::deque<ProcessFacts> noticed;      ///< since the last observe()

    // Expensive work is done once per round.
    bool may_walk = true;
    int file_looks = kFileLooksPerRound;
};

/// walk() and observe() start one.
void Containers::State::start_round() {
    may_walk = true;
    file_looks = kFileLooksPerRound;
    known.forget_unknown();
}

void Containers::State::walk() {
    known.walk();
    for (const CgroupId id : missing) {
        if (tree().ancestry(id).empty()) {
            not_found.insert(id);
        }
    }
    missing.clear();
    known.read_names();
}

/// Whether the tree lacks this cgroup or its name, and a walk might find it.
bool Containers::State::is_missing(CgroupId id) {
    if (not_found.contains(id)) {
        return false;
    }
    if (missing.size() < kMostNotFound) {
        missing.insert(id);
    }
    return true;
}

/// Looks for a cgroup that should exist. Many may be missing, so only once per round.
bool Containers::State::walk_once() {
    if (!may_walk) {
        return false;
    }
    may_walk = false;
    try {
        walk();
    } catch (const Error&) {
        return false;  // Containers::walk() tells the user; here the cgroup just stays unknown
    }
    return true;
}

/// The living processes, and those that were noticed since the last observe() and have exited: the
/// last report of each, if it is not among the living.
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
    state_->walk();
}

void Containers::add(const CgroupBirth& birth) {
    State& state = *state_;
    if (!state.tree().knows(birth.parent) && state.is_missing(birth.parent)) {
        state.walk_once();
    }
    state.not_found.erase(birth.id);
    state.known.add(birth);
    // The names are read now: the container may be gone before they are needed.
    if (state.known.find(birth.id) != nullptr) {
        state.known.read_name(birth.id);
    } else if (state.file_looks > 0 && state.known.container_above(birth.id) == 0) {
        --state.file_looks;
        state.known.locate();
    }
}

void Containers::bury(CgroupId id) {
    state_->known.bury(id);
}

void Containers::observe(const std::vector<ProcessFacts>& processes) {
    State& state = *state_;
    state.start_round();
    state.processes.clear();
    // This includes those that were missing after this round's walk.
    bool is_any_missing = !state.missing.empty();
    for (const ProcessFacts& process : processes) {
        ++state.processes[process.cgroup];
        if (process.cgroup != kKernelThreads && !state.tree().knows(process.cgroup)) {
            is_any_missing = state.is_missing(process.cgroup) || is_any_missing;
        }
    }
    if (!is_any_missing || !state.walk_once()) {
        state.known.read_names();
    }
    const std::vector<ProcessFacts> all = state.with_noticed(processes);
    KnownContainers& known = state.known;
    const auto is_contained = [&](CgroupId id) { return known.container_above(id) != 0; };
    for (const CgroupId root : find_namespace_containers(all, state.tree(), is_contained)) {
        known.add_home_made(root);
    }
    // Again at each observe(): the name of a hand-made container is set some time after its
    // namespaces are created, which begin with the host's name.
    const auto nameless_container_of = [&](CgroupId id) -> CgroupId {
        const CgroupId root = known.container_above(id);
        const KnownContainer* found = known.find(root);
        const bool is_nameless =
            found != nullptr &&
            (found->source == ContainerSource::namespaces || found->is_untold());
        return is_nameless ? root : 0;
    };
    for (const auto& [root, name] :
         find_node_names(all, known.paths().node_name, nameless_container_of)) {
        known.name_by_node(root, name);
    }
}

void Containers::notice(ProcessFacts process) {
    State& state = *state_;
    const CgroupId root = state.known.container_above(process.cgroup);
    const KnownContainer* known = state.known.find(root);
    if (known != nullptr && known->source == ContainerSource::shape) {
        if (!known->told) {
            state.known.read_name(root);
        }
    } else if ((known == nullptr || known->source == ContainerSource::namespaces) &&
               state.file_looks > 0 && process.cgroup != state.tree().root()) {
        --state.file_looks;
        state.known.locate(process.cgroup);
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
    const KnownContainer* known = state_->known.find(owner.root);
    if (known == nullptr) {
        return !owner.cgroup || !is_in_service(*owner.cgroup);
    }
    if (known->source == ContainerSource::namespaces) {
        return known->container.name == owner.cgroup;
    }
    return known->source == ContainerSource::shape && !known->told && known->container.id &&
           known->container.name == short_id(*known->container.id);
}

void Containers::for_each(
    const std::function<void(CgroupId, const Container&, bool)>& visit) const {
    for (const auto& [id, known] : state_->known.all()) {
        visit(id, known.container, state_->tree().is_alive(id));
    }
}

bool Containers::find_missing(std::span<const CgroupId> cgroups) {
    State& state = *state_;
    bool is_any_missing = false;
    for (const CgroupId id : cgroups) {
        if (id != kKernelThreads && state.tree().ancestry(id).empty()) {
            is_any_missing = state.is_missing(id) || is_any_missing;
        }
    }
    return is_any_missing && state.walk_once();
}

const Owner& Containers::owner_of(CgroupId cgroup) const {
    return state_->known.owner_of(cgroup);
}

std::optional<std::string> Containers::path_of(CgroupId cgroup) const {
    return cgroup == kKernelThreads ? std::optional<std::string>("kernel")
                                    : state_->tree().path_of(cgroup);
}

std::optional<CgroupId> Containers::find_cgroup(const std::string& path) {
    State& state = *state_;
    if (path.empty() || path.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    const std::string& hierarchy = state.known.paths().hierarchy;
    const bool is_full = path == hierarchy || path.starts_with(hierarchy + "/");
    const auto look = [&]() -> std::optional<CgroupId> {
        const auto id = state.tree().find(is_full ? std::string_view(path).substr(hierarchy.size())
                                                  : std::string_view(path));
        if (id && state.tree().is_alive(*id)) {
            return id;
        }
        // Through a symbolic link, or where the same hierarchy is mounted a second time.
        struct stat there {};
        struct stat here {};
        if (path.starts_with('/') && ::stat(path.c_str(), &there) == 0 &&
            ::stat(hierarchy.c_str(), &here) == 0 && there.st_dev == here.st_dev &&
            S_ISDIR(there.st_mode) && state.tree().is_alive(there.st_ino)) {
            return there.st_ino;
        }
        return std::nullopt;
    };
    if (const auto id = look()) {
        return id;
    }
    // The user typed this; it is worth a walk of its own.
    state.may_walk = true;
    state.walk_once();
    return look();
}

std::optional<std::string> Containers::unit_of(CgroupId cgroup) const {
    const auto path = state_->tree().path_of(cgroup);
    return path ? systemd_unit_of(*path) : std::nullopt;
}

std::vector<Containers::Listed> Containers::list() const {
    const State& state = *state_;
    std::unordered_map<CgroupId, std::uint64_t> processes;
    for (const auto& [cgroup, count] : state.processes) {
        for (CgroupId id = state.known.container_above(cgroup); id != 0;
             id = state.known.container_above(state.tree().parent_of(id))) {
            processes[id] += count;
        }
    }
    std::vector<Listed> all;
    for (const auto& [id, known] : state.known.all()) {
        if (state.tree().is_alive(id)) {
            all.push_back({state.known.owner_of(id), processes[id]});
        }
    }
    std::sort(all.begin(), all.end(), [](const Listed& one, const Listed& other) {
        return std::tie(one.owner.container->name, one.owner.root) <
               std::tie(other.owner.container->name, other.owner.root);
    });
    return all;
}

std::vector<CgroupId> Containers::subtree(CgroupId root) const {
    const CgroupTree& tree = state_->tree();
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
