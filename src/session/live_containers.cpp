// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/live_containers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tally {
namespace {

/// When to look at the names again after a cgroup was made: the runtime may write its files, and
/// the container its node name, a moment later.
constexpr std::array kLooksAfterBirth{std::chrono::milliseconds(20), std::chrono::milliseconds(100),
                                      std::chrono::milliseconds(500)};

/// The same for as long as it is not decided whose a new cgroup is.
constexpr std::chrono::milliseconds kLooksWhileUndecided{1000};

CgroupEventReader begin_events(Tracer& tracer) {
    tracer.attach_cgroup_events();
    return CgroupEventReader(tracer);
}

}  // namespace

LiveContainers::LiveContainers(Tracer& tracer, ContainerPaths paths)
    : tracer_(tracer), events_(begin_events(tracer)), containers_(std::move(paths)) {
    containers_.walk();
    containers_.observe(read_processes(tracer_));
    containers_.set_catch_up([this] {
        if (!listening_) {
            follow();
            if (containers_.has_noticed()) {
                look_at_processes();
            }
        }
    });
}

void LiveContainers::set_listener(std::function<void(const CgroupEvents&)> changed,
                                  std::function<void()> looked) {
    changed_ = std::move(changed);
    looked_ = std::move(looked);
    follow();
}

void LiveContainers::follow() {
    const CgroupEvents events = events_.take();
    for (const auto* each : {&events.births, &events.renames}) {
        for (const CgroupBirth& birth : *each) {
            containers_.add(birth);
        }
    }
    for (const ProcessFacts& each : events.seen) {
        containers_.notice(each);
    }
    if (changed_) {
        listening_ = true;
        changed_(events);
        listening_ = false;
    }
    for (const CgroupId each : events.deaths) {
        containers_.bury(each);
    }
    if (!events.births.empty() || containers_.has_noticed()) {
        looks_ = 0;
        if (!look_again_) {
            look_again_ = Clock::now() + kLooksAfterBirth.front();
        }
    }
}

void LiveContainers::look_at_processes() {
    containers_.observe(read_processes(tracer_));
    if (looked_) {
        listening_ = true;
        looked_();
        listening_ = false;
    }
}

void LiveContainers::look() {
    follow();
    look_at_processes();
}

void LiveContainers::look_again(const std::function<bool()>& undecided) {
    const auto began = Clock::now();
    ++looks_;
    look();  // sets looks_ to 0 if more were born
    const auto ended = Clock::now();
    look_again_.reset();
    if (looks_ < kLooksAfterBirth.size() || undecided()) {
        const auto pause =
            looks_ < kLooksAfterBirth.size() ? kLooksAfterBirth[looks_] : kLooksWhileUndecided;
        // Where cgroups are born without end, looking takes at most a tenth of the time.
        look_again_ = ended + std::max<Clock::duration>(pause, 10 * (ended - began));
    }
}

void LiveContainers::walk() {
    containers_.walk();
    look_at_processes();
}

}  // namespace tally
