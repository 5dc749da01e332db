// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <unordered_set>
#include <vector>

#include "collect/cgroup_events.h"
#include "container/containers.h"
#include "session/request.h"
#include "tracer/tracer.h"

namespace tally {

/// Which threads a tracer measures: from words to the sets that the BPF side asks
/// (bpf/include/target.bpf.h).
class Target {
  public:
    /// Checks what can be checked without rights: that the processes and threads exist. Throws
    /// UsageError.
    explicit Target(TargetRequest request);

    bool needs_cgroups() const { return !request_.containers.empty() || !request_.cgroups.empty(); }

    /// Before the tracer is loaded: which sets are asked at all; `tree`: that of a command's
    /// process tree.
    void configure(Tracer& tracer, bool tree) const;

    /// After births are reported and before the tracer is attached: fills the sets. Throws
    /// UsageError if a container or cgroup does not exist, and says which do. Several containers
    /// for one word are said on stderr.
    void install(Tracer& tracer, Containers& containers);

    /// What happened to cgroups, which `containers` knows by now: a new container that the words
    /// mean becomes a target (children of one already have, in the kernel). The others are
    /// asked again at the next call, which may be without events: their name may not be known yet.
    void follow(Tracer& tracer, Containers& containers, const CgroupEvents& events);

    /// Looks at all containers again, after a walk that was needed because births were lost.
    void match_again(Tracer& tracer, Containers& containers);

    /// How many cgroups of the target did not fit into the kernel's set, and are not measured.
    std::uint64_t not_added() const { return not_added_; }

  private:
    bool is_wanted(const Container& container) const;
    void install_containers(Tracer& tracer, Containers& containers);
    void add_subtree(Tracer& tracer, const Containers& containers, CgroupId root);

    TargetRequest request_;
    std::unordered_set<CgroupId> members_;  ///< what was put into the kernel's set from here
    std::vector<CgroupId> unmatched_;       ///< births that may yet turn out to be wanted
    std::uint64_t not_added_ = 0;
};

}  // namespace tally
