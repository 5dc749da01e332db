// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "collect/collector.h"
#include "container/containers.h"
#include "session/hierarchy.h"
#include "session/live_containers.h"
#include "session/request.h"
#include "session/target.h"
#include "session/target_sets.h"
#include "tracer/tracer.h"

namespace tally {

/// The cgroups of a run, for all of its tracers: which are measured and whose they are, kept
/// current while it goes on. It is told when to follow and to look, and calls nobody back.
class SessionCgroups {
  public:
    using Clock = std::chrono::steady_clock;

    /// Throws UsageError as Target does.
    explicit SessionCgroups(const TargetRequest& request) : target_(request) {}
    SessionCgroups(const SessionCgroups&) = delete;
    SessionCgroups& operator=(const SessionCgroups&) = delete;

    const Target& target() const { return target_; }

    /// Fills the sets of what is measured; where cgroups matter (`host`), begins to follow them
    /// first. `engine` is loaded; both outlive this. Throws Error.
    void begin(Tracer& engine, const HostHierarchy* host);

    /// Whose the cgroups are, if anybody asks.
    const Containers& containers() const;

    bool are_followed() const { return live_.has_value(); }

    /// Readable when something has happened to cgroups: follow() then. Of those that are followed.
    int fd() const { return live_->fd(); }

    /// When the next look_again() is due, if one is.
    std::optional<Clock::time_point> next_look() const;

    /// Takes in what has happened to cgroups until now. Afterwards all that were born before have
    /// names, as far as these are known yet.
    void follow();

    /// Looks what all containers are called by now; after follow().
    void look();

    /// Both, because it was due.
    void look_again();

    /// Cgroups in what was copied whose births may have been lost: looks for them.
    void find_missing(std::span<const CgroupId> cgroups);

    /// What happened to some was lost: walks the tree anew, and looks.
    void walk();

    /// How often names, or what is decided about cgroups, may have changed.
    std::uint64_t changes() const { return changes_; }

    /// What becomes of what was measured in a cgroup. `last`: there will be no other reading.
    Admission admission_of(CgroupId cgroup, bool last) const;

    /// Whether there is no such cgroup any more; not if it was never known.
    bool is_gone(CgroupId cgroup) const;

  private:
    void settle();

    Target target_;
    std::optional<TracerTargetSets> sets_;
    const HostHierarchy* host_ = nullptr;
    std::optional<LiveContainers> live_;
    Containers none_{ContainerPaths{}};
    std::uint64_t changes_ = 0;
};

}  // namespace tally
