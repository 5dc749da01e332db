// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collect/collector.h"
#include "collect/event_stream.h"
#include "collect/losses.h"
#include "model/record.h"
#include "output/sink.h"
#include "session/request.h"
#include "session/session_cgroups.h"
#include "tracer/tracer.h"

namespace tally {

/// One tracer of a session: what it measures or reports, and what it has lost. The session decides
/// when, and knows the cgroups.
class TracerRun {
  public:
    /// `request` outlives this.
    TracerRun(Tracer tracer, const TracerRequest& request);
    TracerRun(const TracerRun&) = delete;
    TracerRun& operator=(const TracerRun&) = delete;

    Tracer& tracer() { return tracer_; }
    const std::string& name() const { return tracer_.name(); }

    bool has_events() const { return !tracer_.schema().events.empty(); }

    /// Whether its rows or its events name cgroups.
    bool needs_cgroups() const;

    /// Whether the events of tally itself are left out.
    bool leaves_reader_out() const { return has_events() && !request_.own_events; }

    /// Before it is loaded: sets its keys or its handling of events, its own options and its
    /// probes. Throws Error.
    void configure(bool verbose);

    /// Loads it with the engine of `engine`, which may be this one. `sizes`: how it shares memory
    /// with others. Throws Error, UsageError.
    void load(TracerRun& engine, MapSizes sizes);

    /// From now on, `admission` decides about what is measured in a cgroup, and rows wait for the
    /// names of cgroups that are `is_undecided`.
    void set_admission(const std::function<Admission(CgroupId)>& admission,
                       const std::function<bool(CgroupId)>& is_undecided);

    /// Sets where its records go; call before the first one.
    void begin_output(Sink& sink);

    /// Readable when tell_events() should be called; -1: there are no events.
    int events_fd() const { return events_ ? events_->fd() : -1; }

    /// Writes all pending events. False: there were none.
    bool tell_events(SessionCgroups& cgroups);

    /// Reads what is new, and returns a report of the interval for each histogram and each set of
    /// counts. `head` holds its time; `age_of_run` is given if what is in flight is still to be
    /// looked up.
    std::vector<AnyReport> read(SessionCgroups& cgroups, const Report& head,
                                std::optional<std::chrono::nanoseconds> age_of_run);

    /// Looks up what is in flight, for the next read(). Objects that are too old for that are
    /// counted as lost.
    void look_in_flight(std::chrono::nanoseconds age_of_run);

    /// Everything since the start, as of the last read().
    std::vector<AnyReport> total(const Report& head) const;

    void write(const std::vector<AnyReport>& reports);
    void draw_live(const std::vector<AnyReport>& reports);

    /// Writes what was lost since the last call. `not_added`: cgroups of the target, see Target.
    void report_losses(UnixNanoseconds time, std::uint64_t not_added);

    /// As of the last report_losses().
    const Losses& losses() const { return *losses_; }

    /// Writes the last record of the run.
    void end(UnixNanoseconds time, Seconds duration);

    /// Makes room for new keys before the map is full, which short-lived containers would fill
    /// within days.
    void forget_dead(const std::function<bool(CgroupId)>& is_gone, const Containers& containers);

  private:
    void choose_probes(bool verbose);
    void fill_sets();
    void forget_old_names(const SessionCgroups& cgroups);

    Tracer tracer_;
    const TracerRequest& request_;
    std::vector<std::unique_ptr<Collector>> collectors_;
    std::optional<EventStream> events_;
    std::optional<Losses> losses_;
    Sink* sink_ = nullptr;            ///< from begin_output() on
    std::uint64_t seen_changes_ = 0;  ///< of cgroups, when events_ last forgot its names
};

}  // namespace tally
