// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/losses.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "tracer/engine_names.h"

namespace tally {
namespace {

// Counted by the kernel or by user space, not by the BPF side.
constexpr std::string_view kMissedRun = "missed_run";
constexpr std::string_view kMalformedEvent = "malformed_event";
constexpr std::string_view kHeldFull = "held_full";

constexpr std::string_view kBeforeAttach = "before_attach";

}  // namespace

std::string advice(std::string_view reason) {
    if (reason == "map_full") {
        return "there were more keys than the map holds; raise --max-keys, or use fewer --by keys";
    }
    if (reason == "negative_time") {
        return "the end was earlier than the beginning: the clocks of two CPUs differ";
    }
    if (reason == "no_thread_state") {
        return "there was no room for a thread's state; kernel.pid_max may have been raised since "
               "the start";
    }
    if (reason == "no_socket_state") {
        return "more connections were open at once than tally can track";
    }
    if (reason == "no_object_state") {
        return "there were more at once than can be remembered";
    }
    if (reason == "unmatched_begin" || reason == "unmatched_end") {
        return "the kernel did not run the probe at their other end";
    }
    if (reason == "target_full") {
        return "new cgroups or threads of the target did not fit into its set and were not "
               "measured";
    }
    if (reason == "cgroup_event") {
        return "cgroups were created or removed faster than tally could follow; names may be "
               "missing";
    }
    if (reason == "ring_full") {
        return "events came faster than they were read or written; raise --ring-size, or add "
               "a filter";
    }
    if (reason == "string_fault") {
        return "strings could not be read, or not to their end; their events are reported without "
               "them";
    }
    if (reason == "event_nested") {
        return "events occurred in interrupts while others were being assembled on the same CPU";
    }
    if (reason == kHeldFull) {
        return "too many events of new cgroups came before their containers were known";
    }
    if (reason == kMalformedEvent) {
        return "events do not have the layout that the object declares";
    }
    if (reason == kMissedRun) {
        return "the kernel did not run a program that was already running on the same CPU";
    }
    return "";
}

std::vector<std::string> loss_reasons(const TracerSchema& schema) {
    std::vector<std::string> reasons;
    std::copy_if(schema.losses.begin(), schema.losses.end(), std::back_inserter(reasons),
                 [](const std::string& each) { return each != kBeforeAttach; });
    reasons.emplace_back(kMissedRun);
    if (!schema.events.empty()) {
        reasons.emplace_back(kMalformedEvent);
        reasons.emplace_back(kHeldFull);
    }
    return reasons;
}

std::vector<LostRecord> Losses::collect(UnixNanoseconds time, const UserSpaceLosses& own) {
    const auto cpus = static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus()));
    std::vector<std::uint64_t> by_cpu(cpus);
    std::map<std::string_view, std::uint64_t> counts{
        {kMissedRun, tracer_.missed_runs() + engine_.missed_runs_of_engine()},
        {kMalformedEvent, own.malformed_event},
        {kHeldFull, own.held_full}};
    const std::vector<std::string>& names = tracer_.schema().losses;
    for (std::uint32_t index = 0; index < names.size(); ++index) {
        std::uint64_t& count = counts[names[index]];
        for (const char* map : {kCounters, kEngineCounters}) {
            std::fill(by_cpu.begin(), by_cpu.end(), 0);
            bpf_map_lookup_elem(tracer_.map_fd(map), &index, by_cpu.data());
            count = std::accumulate(by_cpu.begin(), by_cpu.end(), count);
        }
    }
    before_attach_ = counts[kBeforeAttach];
    counts["target_full"] += own.target_full;
    std::vector<EndRecord::Lost> now;
    for (std::string& reason : loss_reasons(tracer_.schema())) {
        const std::uint64_t count = counts.at(reason);
        now.push_back({std::move(reason), count});
    }

    std::vector<LostRecord> records;
    for (std::size_t i = 0; i < now.size(); ++i) {
        const std::uint64_t before = i < total_.size() ? total_[i].count : 0;
        if (now[i].count > before) {
            records.push_back({tracer_.name(), time, now[i].reason, now[i].count - before,
                               advice(now[i].reason)});
        }
    }
    total_ = std::move(now);
    return records;
}

std::uint64_t Losses::count_of(const std::string& reason) const {
    for (const EndRecord::Lost& each : total_) {
        if (each.reason == reason) {
            return each.count;
        }
    }
    return 0;
}

bool Losses::any() const {
    return std::any_of(total_.begin(), total_.end(),
                       [](const EndRecord::Lost& each) { return each.count != 0; });
}

}  // namespace tally
