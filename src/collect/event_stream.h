// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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

/// Reads what a running tracer tells by EVENTS(), one by one, with the names of containers as they
/// are when it is read.
class EventStream {
  public:
    using Take = std::function<void(const Event&)>;

    /// `tracer` is loaded and outlives this. Throws Error.
    explicit EventStream(const Tracer& tracer);

    /// What the tracer's events look like, without any.
    const std::vector<EventShape>& shapes() const { return shapes_; }

    /// Readable when take() should be called: every 10 ms, and when much has come.
    int fd() const { return wake_.get(); }

    /// What decides for each cgroup whether its events are told; without it all are.
    void set_admission(std::function<Admission(CgroupId)> admission) {
        admission_ = std::move(admission);
    }

    /// Looks what is in the ring, for the next tell(). False: nothing is.
    bool take();

    /// The cgroups of what take() has found, as far as their names are not known here.
    const std::unordered_set<CgroupId>& new_cgroups() const { return new_cgroups_; }

    /// Hands what take() has found to `take`, in the ring's order; before it, what was held and is
    /// decided by now. `containers` knows all cgroups that were born before take().
    void tell(const Containers& containers, const Take& take);

    /// Containers may be called otherwise, or their admission decided, by now.
    void forget_names() {
        known_.clear();
        may_release_ = true;
    }

    /// Events that are not laid out as declared, which only a wrong object can make: not told.
    std::uint64_t malformed() const { return malformed_; }

    /// Events of cgroups that are not decided, and for which there was no room: not told.
    std::uint64_t not_held() const { return not_held_; }

  private:
    struct Known {
        Admission admission = Admission::counted;
        EventOwner owner;
    };

    const Known& look_up(CgroupId cgroup, const Containers& containers);
    std::string container_of(CgroupId cgroup, const Containers& containers);
    bool hold(CgroupId cgroup, std::span<const std::byte> record);
    void release_held(const Containers& containers, const Take& take);
    void set_clock();
    void note_cgroups(std::span<const std::byte> record);
    const EventsSchema* schema_of(std::span<const std::byte> record) const;
    void take_one(std::span<const std::byte> record, const Containers& containers,
                  const Take& take);

    const Tracer& tracer_;
    std::vector<EventShape> shapes_;  ///< one for each of the schema's events
    Ring ring_;
    FileDescriptor timer_;
    FileDescriptor wake_;
    std::int64_t clock_offset_ = 0;  ///< from CLOCK_MONOTONIC to UTC
    std::function<Admission(CgroupId)> admission_;
    std::unordered_map<CgroupId, Known> known_;
    std::unordered_set<CgroupId> new_cgroups_;
    std::optional<CgroupId> last_noted_;       ///< by take()
    std::uint64_t found_ = 0;                  ///< where in the ring take() has ended
    std::deque<std::vector<std::byte>> held_;  ///< records of cgroups that are not decided
    std::unordered_set<CgroupId> held_of_;     ///< those cgroups
    std::size_t held_bytes_ = 0;
    bool may_release_ = false;  ///< something may be decided since the last look at them
    std::uint64_t malformed_ = 0;
    std::uint64_t not_held_ = 0;
    std::vector<EventValue> values_;  ///< of one event, reused, as are the next
    std::vector<std::string> rooms_;
};

}  // namespace tally
