// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "collect/cgroup_events.h"
#include "container/containers.h"
#include "tracer/tracer.h"

namespace tally {

/// The containers of this machine, kept current while something runs: by what the kernel reports of
/// cgroups, and by looks at all processes and the runtimes' files when a name may have come.
class LiveContainers {
  public:
    using Clock = std::chrono::steady_clock;

    /// Begins to follow, then walks the tree and looks at all processes: no cgroup is missed.
    /// `tracer` is loaded and outlives this. Throws Error.
    LiveContainers(Tracer& tracer, ContainerPaths paths);
    LiveContainers(const LiveContainers&) = delete;
    LiveContainers& operator=(const LiveContainers&) = delete;

    /// What wants to know. `changed` is called with what happened to cgroups, when their births are
    /// known here and their deaths are not yet; `looked` after each look at all names. Neither is
    /// called while one of them runs. What has happened until now is told at once.
    void set_listener(std::function<void(const CgroupEvents&)> changed,
                      std::function<void()> looked);

    Containers& containers() { return containers_; }

    /// Readable when something has happened to cgroups: follow() then.
    int fd() const { return events_.fd(); }

    /// When to call look_again(), if ever.
    std::optional<Clock::time_point> next_look() const { return look_again_; }

    /// Takes in what has happened to cgroups.
    void follow();

    /// The same, and looks what all containers are called by now.
    void look();

    /// A look that is due. `undecided`: somebody still waits for a name, so there will be another.
    void look_again(const std::function<bool()>& undecided);

    /// What happened to some cgroups was lost: the tree is walked anew.
    void walk();

  private:
    void look_at_processes();

    Tracer& tracer_;
    CgroupEventReader events_;
    Containers containers_;
    std::function<void(const CgroupEvents&)> changed_;
    std::function<void()> looked_;
    std::optional<Clock::time_point> look_again_;
    std::size_t looks_ = 0;   ///< since the last birth
    bool listening_ = false;  ///< in a listener, which asks for names
};

}  // namespace tally
