// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

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
    /// `tracer` is loaded and outlives this. Throws Error.
    explicit EventStream(const Tracer& tracer);

    /// What the tracer's events look like, without any.
    const std::vector<EventShape>& shapes() const { return shapes_; }

    /// Readable when drain() should be called: every 10 ms, and when much has come.
    int fd() const { return wake_.get(); }

    /// Hands everything that is in the ring when it is called to `take`, in the ring's order.
    /// Returns whether there was anything.
    bool drain(Containers& containers, const std::function<void(const Event&)>& take);

    /// Containers may be called otherwise by now.
    void forget_names() { owners_.clear(); }

    /// Events that are not laid out as declared, which only a wrong object can make: not told.
    std::uint64_t malformed() const { return malformed_; }

  private:
    const EventOwner& owner_of(CgroupId cgroup, Containers& containers);
    void set_clock();
    void take_one(std::span<const std::byte> record, Containers& containers,
                  const std::function<void(const Event&)>& take);
    EventValue value_of(const EventField& field, const std::byte* event, std::string_view text,
                        std::string& room) const;

    const Tracer& tracer_;
    std::vector<EventShape> shapes_;  ///< one for each of the schema's events
    Ring ring_;
    FileDescriptor timer_;
    FileDescriptor wake_;
    std::int64_t clock_offset_ = 0;  ///< from CLOCK_MONOTONIC to UTC
    std::unordered_map<CgroupId, EventOwner> owners_;
    std::uint64_t serial_ = 0;
    std::uint64_t malformed_ = 0;
    std::vector<EventValue> values_;  ///< of one event, reused, as are the next
    std::vector<std::string> rooms_;
};

}  // namespace tally
