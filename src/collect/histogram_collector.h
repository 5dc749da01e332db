// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collect/grouping.h"
#include "container/containers.h"
#include "model/record.h"
#include "tracer/tracer.h"

namespace tally {

/// Reads one histogram of a running tracer again and again, and says what is new.
///
/// The kernel only adds. Each reading is subtracted from the one before, key by key and bucket by
/// bucket, so that every value is in exactly one interval, and the intervals add up to the total.
class HistogramCollector {
  public:
    /// `tracer` is loaded and outlives the collector; `schema` is one of its histograms.
    HistogramCollector(const Tracer& tracer, const HistogramSchema& schema, Grouping grouping);

    /// Looks which measurements are in flight now, for the next collect(). Before the tracer is
    /// detached: afterwards, nothing ends any more.
    void look_in_flight();

    /// Reads the kernel's map and returns the rows of what was added since the last call, and of
    /// what is in flight. Rows with neither are left out.
    std::vector<HistogramRow> collect(Containers& containers);

    /// Everything returned by collect() so far, with what was in flight at its last call.
    std::vector<HistogramRow> total() const;

    /// Gives the slots of dead cgroups back, where more than half of all are used. A cgroup's id is
    /// never used again, and no thread can be in one that is gone, so nothing more can be counted
    /// there. (A thread's number is used again; keys of threads stay.)
    void forget_dead(Tracer& tracer, const std::function<bool(CgroupId)>& is_gone,
                     Containers& containers);

    const HistogramSchema& schema() const { return schema_; }
    const Grouping& grouping() const { return grouping_; }

  private:
    /// What a slot of the kernel's map held at the last reading.
    struct Known {
        std::vector<std::byte> key;  ///< with the shard; empty: not used
        std::vector<BucketCount> buckets;
        std::uint64_t sum = 0;
        bool changed = false;  ///< at the last reading
    };
    struct Row {
        RowKey key;
        Histogram histogram;
        std::optional<std::uint64_t> min, max;  ///< the kernel's, of the whole run
        std::optional<InFlight> in_flight;
    };
    using Rows = std::unordered_map<std::string, Row>;

    bool take(Known& known, const std::byte* slot, Rows& interval, Containers& containers);
    Row& row_of(const std::byte* key, Rows& rows, Containers& containers) const;
    void add_in_flight(Rows& interval, Containers& containers) const;

    const Tracer& tracer_;
    const HistogramSchema& schema_;
    Grouping grouping_;
    std::vector<Known> known_;  ///< by slot, as far as they were read
    std::uint32_t used_ = 0;    ///< all slots that were ever used lie before this one
    Rows total_;
    Rows carried_;                        ///< for the next collect()
    std::vector<std::byte> in_flight_;    ///< what the iterator wrote: keys with ages
    std::vector<std::uint32_t> numbers_;  ///< of one chunk of slots, reused
    std::vector<std::byte> slots_;
};

}  // namespace tally
