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

/// The containers of this machine, kept current while something runs: by what the kernel reports of
/// cgroups, and by looks at all processes and the runtimes' files when a name may have come. It is
/// told when to do either, and calls nobody back.
class LiveContainers {
  public:
    using Clock = std::chrono::steady_clock;

    /// Begins to follow, then walks the tree and looks at all processes: no cgroup is missed.
    /// `tracer` is loaded and outlives this. Throws Error.
    LiveContainers(Tracer& tracer, ContainerPaths paths);
    LiveContainers(const LiveContainers&) = delete;
    LiveContainers& operator=(const LiveContainers&) = delete;

    const Containers& containers() const { return containers_; }
    Containers& containers() { return containers_; }

    /// Readable when something has happened to cgroups: follow() then.
    int fd() const { return events_.fd(); }

    /// When the next look is due, if one is: look(), then looked().
    std::optional<Clock::time_point> next_look() const { return schedule_.next(); }

    /// Takes in which cgroups were made and renamed, and which processes were seen in them, and
    /// returns all that happened. The deaths are for bury(), when it is decided whose they were.
    CgroupEvents follow();

    /// These cgroups are gone.
    void bury(std::span<const CgroupId> deaths);

    /// Looks where all processes are and what all containers are called by now; after follow().
    void look();

    /// A look that was due began at `began`, and has just ended. `is_awaited`: somebody still waits
    /// for a name, so there will be another.
    void looked(Clock::time_point began, bool is_awaited);

    /// What happened to some cgroups was lost: walks the tree anew; look() afterwards.
    void walk() { containers_.walk(); }

  private:
    Tracer& tracer_;
    CgroupEventReader events_;
    Containers containers_;
    LookSchedule schedule_;
};

}  // namespace tally
