// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/session_cgroups.h"

#include <sys/stat.h>

namespace tally {

void SessionCgroups::begin(Tracer& engine, const HostHierarchy* host) {
    host_ = host;
    sets_.emplace(engine);
    if (host_ != nullptr) {
        live_.emplace(engine, host_->paths());
    }
    target_.install(*sets_, live_ ? live_->containers() : none_);
    follow();
}

const Containers& SessionCgroups::containers() const {
    return live_ ? live_->containers() : none_;
}

std::optional<SessionCgroups::Clock::time_point> SessionCgroups::next_look() const {
    return live_ ? live_->next_look() : std::nullopt;
}

void SessionCgroups::follow() {
    if (!live_) {
        return;
    }
    const CgroupEvents events = live_->follow();
    if (events.is_empty()) {
        return;
    }
    target_.follow(containers(), events, Clock::now());
    live_->bury(events.deaths);
    ++changes_;
}

void SessionCgroups::look() {
    if (live_) {
        live_->look();
        settle();
    }
}

/// Names may have appeared.
void SessionCgroups::settle() {
    target_.settle(containers(), Clock::now());
    ++changes_;
}

void SessionCgroups::look_again() {
    const auto began = Clock::now();
    follow();
    look();
    live_->looked(began, target_.is_undecided());
}

void SessionCgroups::find_missing(std::span<const CgroupId> cgroups) {
    if (live_ && live_->containers().find_missing(cgroups)) {
        settle();
    }
}

void SessionCgroups::walk() {
    if (live_) {
        live_->walk();
        look();
    }
}

Admission SessionCgroups::admission_of(CgroupId cgroup, bool last) const {
    return !live_ || cgroup == kKernelThreads ? Admission::counted
                                              : target_.admission_of(cgroup, last);
}

bool SessionCgroups::is_gone(CgroupId cgroup) const {
    const auto path = containers().path_of(cgroup);
    struct stat status {};
    return path && host_ != nullptr &&
           (::stat((host_->hierarchy.mount_point + *path).c_str(), &status) != 0 ||
            status.st_ino != cgroup);
}

}  // namespace tally
