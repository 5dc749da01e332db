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

/// The cgroups of a run, for all of its tracers: which ones are measured and who owns them, kept
/// current during the run. The caller decides when to follow and to look; there are no callbacks.
class SessionCgroups {
  public:
    using Clock = std::chrono::steady_clock;

    /// Throws UsageError as Target does.
    explicit SessionCgroups(const TargetRequest& request) : target_(request) {}
    SessionCgroups(const SessionCgroups&) = delete;
    SessionCgroups& operator=(const SessionCgroups&) = delete;

    const Target& target() const { return target_; }

    /// Fills the sets of what is measured; if cgroups matter (`host` is not null), begins to follow
    /// them first. `engine` is loaded; both outlive this. Throws Error.
    void begin(Tracer& engine, const HostHierarchy* host);

    /// Who owns the cgroups; empty if they are not followed.
    const Containers& containers() const;

    bool are_followed() const { return live_.has_value(); }

    /// Readable when there are cgroup events: call follow() then. Only if are_followed().
    int fd() const { return live_->fd(); }

    /// When the next look_again() is due, if one is.
    std::optional<Clock::time_point> next_look() const;

    /// Applies all cgroup events so far. Afterwards every cgroup born before has its name, if that
    /// is known yet.
    void follow();

    /// Looks up the current names of all containers; call after follow().
    void look();

    /// follow() and look(), because next_look() is due.
    void look_again();

    /// Looks for those cgroups of the copied data whose births may have been lost.
    void find_missing(std::span<const CgroupId> cgroups);

    /// Some cgroup events were lost: walks the tree again, and looks.
    void walk();

    /// How often names, or decisions about cgroups, may have changed.
    std::uint64_t changes() const { return changes_; }

    /// The decision about what was measured in a cgroup. `last`: there will be no other reading.
    Admission admission_of(CgroupId cgroup, bool last) const;

    /// Whether the cgroup no longer exists; false if it was never known.
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
