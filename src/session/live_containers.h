// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "collect/cgroup_events.h"
#include "container/containers.h"
#include "session/look_schedule.h"
#include "tracer/tracer.h"

namespace tally {

/// The containers of this machine, kept current during a run: from the kernel's cgroup events, and
/// by looks at all processes and the runtimes' files when a name may have appeared. The caller
/// decides when to do either; there are no callbacks.
class LiveContainers {
  public:
    using Clock = std::chrono::steady_clock;

    /// Begins to follow cgroup events, then walks the tree and looks at all processes, so that no
    /// cgroup is missed. `tracer` is loaded and outlives this. Throws Error.
    LiveContainers(Tracer& tracer, ContainerPaths paths);
    LiveContainers(const LiveContainers&) = delete;
    LiveContainers& operator=(const LiveContainers&) = delete;

    const Containers& containers() const { return containers_; }
    Containers& containers() { return containers_; }

    /// Readable when there are cgroup events: call follow() then.
    int fd() const { return events_.fd(); }

    /// When the next look is due, if any: call look(), then looked().
    std::optional<Clock::time_point> next_look() const { return schedule_.next(); }

    /// Applies the creations and renames of cgroups and the processes seen in them, and returns all
    /// events. The deaths are for bury(), once it is decided whose cgroups they were.
    CgroupEvents follow();

    /// These cgroups have been removed.
    void bury(std::span<const CgroupId> deaths);

    /// Looks up where all processes are and the current names of all containers; call after
    /// follow().
    void look();

    /// A look that was due began at `began` and has just ended. `is_awaited`: a name is still
    /// awaited, so there will be another look.
    void looked(Clock::time_point began, bool is_awaited);

    /// Some cgroup events were lost: walks the tree again; call look() afterwards.
    void walk() { containers_.walk(); }

  private:
    Tracer& tracer_;
    CgroupEventReader events_;
    Containers containers_;
    LookSchedule schedule_;
};

}  // namespace tally
