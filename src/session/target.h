// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collect/cgroup_events.h"
#include "collect/collector.h"
#include "container/containers.h"
#include "container/recent_ids.h"
#include "session/request.h"
#include "session/target_sets.h"
#include "tracer/tracer.h"

namespace tally {

/// Which threads a tracer measures: turns the words of the command line into the sets that the BPF
/// side looks up (bpf/include/target.bpf.h).
///
/// With --container, the kernel measures every cgroup from its birth on, because a container's name
/// may become known only later. Until then the data is held back here; then all of it is counted,
/// or it is dropped and the kernel stops measuring that cgroup. Without --container, only the names
/// of the rows are awaited in this way, for a second at the most.
class Target {
  public:
    using Clock = std::chrono::steady_clock;

    /// Checks what can be checked without rights: that the processes and threads exist. Throws
    /// UsageError.
    explicit Target(TargetRequest request);
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    bool needs_cgroups() const { return !request_.containers.empty() || !request_.cgroups.empty(); }

    /// Before the tracer is loaded: selects the sets that it looks up at all. `tree`: also that of
    /// a command's process tree.
    void configure(Tracer& tracer, bool tree) const;

    /// After births are reported and before the tracer is attached: fills the sets. Throws
    /// UsageError for a cgroup that does not exist, and for a container that does not exist and is
    /// not waited for (the message lists those that exist); Error if the target has too many
    /// cgroups. Prints to stderr if several containers match one word, and if one is waited for.
    void install(TargetSets& sets, Containers& containers);

    /// Applies cgroup events up to `now`. `containers` knows them already, except for the deaths.
    void follow(const Containers& containers, const CgroupEvents& events, Clock::time_point now);

    /// After a look at all names: decides about the cgroups whose names have become known, or can
    /// no longer become known. Also finds containers that were renamed to a wanted name.
    void settle(const Containers& containers, Clock::time_point now);

    /// Whether there are cgroups that wait for the next settle().
    bool is_undecided() const { return !newborns_.empty(); }

    /// Whether this is one of them: its name may still become known.
    bool is_newborn(CgroupId cgroup) const { return newborns_.contains(cgroup); }

    /// The decision about what was measured in a cgroup. `last`: there will be no other reading.
    Admission admission_of(CgroupId cgroup, bool last) const;

    /// How many cgroups are not measured because the kernel's set of cgroups, or the list of those
    /// whose name is awaited, was full. The latter may be none of the target.
    std::uint64_t not_added() const { return not_added_; }

  private:
    struct Newborn {
        CgroupId parent = 0;
        Clock::time_point born;
        bool dead = false;
    };

    bool by_name() const { return !request_.containers.empty(); }
    bool is_wanted(const Container& container) const;
    bool is_member(CgroupId cgroup) const;
    void install_containers(const Containers& containers);
    void add_subtree(const Containers& containers, CgroupId root);
    bool adopt(const Containers& containers, CgroupId newborn);
    void reject(CgroupId newborn);
    bool may_wait(CgroupId newborn, const Owner& owner, Clock::time_point now) const;

    TargetRequest request_;
    TargetSets* sets_ = nullptr;            ///< from install() on
    std::unordered_set<CgroupId> members_;  ///< living cgroups of the target
    RecentIds dead_members_;
    RecentIds rejected_;
    std::unordered_map<CgroupId, Newborn> newborns_;  ///< not decided yet
    std::uint64_t not_added_ = 0;
};

}  // namespace tally
