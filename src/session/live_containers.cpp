// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/live_containers.h"

#include <utility>

namespace tally {
namespace {

CgroupEventReader begin_events(Tracer& tracer) {
    tracer.attach_cgroup_events();
    return CgroupEventReader(tracer);
}

}  // namespace

LiveContainers::LiveContainers(Tracer& tracer, ContainerPaths paths)
    : tracer_(tracer), events_(begin_events(tracer)), containers_(std::move(paths)) {
    containers_.walk();
    look();
}

CgroupEvents LiveContainers::follow() {
    CgroupEvents events = events_.take();
    for (const auto* each : {&events.births, &events.renames}) {
        for (const CgroupBirth& birth : *each) {
            containers_.add(birth);
        }
    }
    for (const ProcessFacts& each : events.seen) {
        containers_.notice(each);
    }
    if (!events.births.empty() || containers_.has_noticed()) {
        schedule_.begin(Clock::now());
    }
    return events;
}

void LiveContainers::bury(std::span<const CgroupId> deaths) {
    for (const CgroupId each : deaths) {
        containers_.bury(each);
    }
}

void LiveContainers::look() {
    containers_.observe(read_processes(tracer_));
}

void LiveContainers::looked(Clock::time_point began, bool is_awaited) {
    schedule_.looked(began, Clock::now(), is_awaited);
}

}  // namespace tally
