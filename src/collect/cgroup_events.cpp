// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/cgroup_events.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

int take_event(void* taken, void* data, std::size_t size) {
    if (size < sizeof(tally_cgroup_event)) {
        return 0;
    }
    tally_cgroup_event event;
    std::memcpy(&event, data, sizeof event);
    auto& events = *static_cast<CgroupEvents*>(taken);
    if (event.removed != 0) {
        events.deaths.push_back(event.id);
    } else {
        events.births.push_back(
            {event.id, event.parent,
             std::string(event.name, ::strnlen(event.name, sizeof event.name))});
    }
    return 0;
}

}  // namespace

void CgroupEventReader::Closer::operator()(ring_buffer* ring) const {
    ring_buffer__free(ring);
}

CgroupEventReader::CgroupEventReader(const Tracer& tracer)
    : taken_(std::make_unique<CgroupEvents>()),
      ring_(ring_buffer__new(tracer.map_fd("tally_cgroup_events"), take_event, taken_.get(),
                             nullptr)) {
    if (!ring_) {
        throw Error("cannot read what happens to cgroups: {}", std::strerror(errno));
    }
}

int CgroupEventReader::fd() const {
    return ring_buffer__epoll_fd(ring_.get());
}

CgroupEvents CgroupEventReader::take() {
    *taken_ = {};
    ring_buffer__consume(ring_.get());
    return std::move(*taken_);
}

std::vector<ProcessFacts> read_processes(const Tracer& tracer) {
    const std::vector<std::byte> records = tracer.read_iterator("tally_processes");
    std::vector<ProcessFacts> processes;
    for (std::size_t at = 0; at + sizeof(tally_process) <= records.size();
         at += sizeof(tally_process)) {
        tally_process each;
        std::memcpy(&each, records.data() + at, sizeof each);
        ProcessFacts facts{each.cgroup, each.pid, each.pid_namespace, std::nullopt};
        if (each.node_name[0] != '\0') {
            facts.node_name =
                std::string(each.node_name, ::strnlen(each.node_name, sizeof each.node_name));
        }
        processes.push_back(std::move(facts));
    }
    return processes;
}

}  // namespace tally
