// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/cgroup_events.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

ProcessFacts facts_of(const tally_process& process) {
    ProcessFacts facts{process.cgroup,         process.pid,  process.pid_namespace,
                       process.parent_of_init, std::nullopt, process.namespace_born};
    if (process.node_name[0] != '\0') {
        facts.node_name =
            std::string(process.node_name, ::strnlen(process.node_name, sizeof process.node_name));
    }
    return facts;
}

int take_event(void* taken, void* data, std::size_t size) {
    auto& events = *static_cast<CgroupEvents*>(taken);
    std::uint64_t change = 0;
    if (size < sizeof change) {
        return 0;
    }
    std::memcpy(&change, data, sizeof change);
    if (change == TALLY_PROCESS_SEEN) {
        tally_process_event event;
        if (size >= sizeof event) {
            std::memcpy(&event, data, sizeof event);
            events.seen.push_back(facts_of(event.process));
        }
        return 0;
    }
    tally_cgroup_event event;
    if (size < sizeof event) {
        return 0;
    }
    std::memcpy(&event, data, sizeof event);
    if (change == TALLY_CGROUP_REMOVED) {
        events.deaths.push_back(event.id);
    } else {
        (change == TALLY_CGROUP_MADE ? events.births : events.renames)
            .push_back({event.id, event.parent,
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
        throw Error("cannot read the events of cgroups: {}", std::strerror(errno));
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
        processes.push_back(facts_of(each));
    }
    return processes;
}

}  // namespace tally
