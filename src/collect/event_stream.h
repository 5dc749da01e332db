// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "collect/collector.h"
#include "collect/ring.h"
#include "container/containers.h"
#include "model/event.h"
#include "tracer/tracer.h"
#include "util/file_descriptor.h"

namespace tally {

/// Reads the EVENTS() of a running tracer, one by one, with the names of containers as of the time
/// of reading.
class EventStream {
  public:
    using Handler = std::function<void(const Event&)>;

    /// The offset from CLOCK_MONOTONIC to UTC at this moment, in nanoseconds.
    using ClockOffset = std::function<std::int64_t()>;

    /// `tracer` is loaded and outlives this. Throws Error.
    explicit EventStream(const Tracer& tracer);

    /// `ring` holds the events of `schema`, which outlives this; `tool` reports them. Throws Error.
    EventStream(const std::string& tool, const TracerSchema& schema, std::unique_ptr<Ring> ring,
                ClockOffset clock_offset);

    /// The shapes of the tracer's events, before there are any.
    const std::vector<EventShape>& shapes() const { return shapes_; }

    /// Readable when take() should be called: every 10 ms, and when the ring is half full.
    int fd() const { return wake_.get(); }

    /// Decides for each cgroup whether its events are reported; without it all are.
    void set_admission(std::function<Admission(CgroupId)> admission) {
        admission_ = std::move(admission);
    }

    /// Looks at what is in the ring, for the next tell(). False: nothing is.
    bool take();

    /// The cgroups of the events that take() has found, if their names are not known here.
    const std::unordered_set<CgroupId>& new_cgroups() const { return new_cgroups_; }

    /// Passes the events that take() has found to `handle`, in the ring's order, after those that
    /// were held back and are decided by now. `containers` knows all cgroups that were born before
    /// take().
    void tell(const Containers& containers, const Handler& handle);

    /// Names of containers, or decisions about them, may have changed.
    void forget_names() {
        named_.clear();
        may_release_ = true;
    }

    /// How many events were dropped because they are not laid out as declared, which takes a faulty
    /// object.
    std::uint64_t malformed() const { return malformed_; }

    /// How many events of undecided cgroups were dropped for lack of room.
    std::uint64_t not_held() const { return not_held_; }

  private:
    struct NamedCgroup {
        Admission admission = Admission::counted;
        EventOwner owner;
    };

    const NamedCgroup& look_up(CgroupId cgroup, const Containers& containers);
    std::string container_of(CgroupId cgroup, const Containers& containers);
    bool hold(CgroupId cgroup, std::span<const std::byte> record);
    void release_held(const Containers& containers, const Handler& handle);
    void set_clock();
    void note_cgroups(std::span<const std::byte> record);
    const EventsSchema* schema_of(std::span<const std::byte> record) const;
    void take_one(std::span<const std::byte> record, const Containers& containers,
                  const Handler& handle);

    const TracerSchema& schema_;
    std::vector<EventShape> shapes_;  ///< one for each of the schema's events
    std::unique_ptr<Ring> ring_;
    ClockOffset clock_offset_now_;
    FileDescriptor timer_;
    FileDescriptor wake_;
    std::int64_t clock_offset_ = 0;  ///< added to the times of events
    std::function<Admission(CgroupId)> admission_;
    std::unordered_map<CgroupId, NamedCgroup> named_;
    std::unordered_set<CgroupId> new_cgroups_;
    std::optional<CgroupId> last_noted_;       ///< by take()
    std::uint64_t found_ = 0;                  ///< where in the ring take() ended
    std::deque<std::vector<std::byte>> held_;  ///< records of undecided cgroups
    std::unordered_set<CgroupId> held_of_;     ///< those cgroups
    std::size_t held_bytes_ = 0;
    bool may_release_ = false;  ///< some of them may have been decided since the last release
    std::uint64_t malformed_ = 0;
    std::uint64_t not_held_ = 0;
    std::vector<EventValue> values_;  ///< of one event; reused, as is texts_
    std::vector<std::string> texts_;
};

}  // namespace tally
