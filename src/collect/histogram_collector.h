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

    /// Reads the kernel's map and returns the rows of what was added since the last call, and of
    /// what is in flight. Rows with neither are left out.
    std::vector<HistogramRow> collect(Containers& containers);

    /// Everything returned by collect() so far, with what was in flight at its last call.
    std::vector<HistogramRow> total() const;

    /// How many keys of the kernel's map there were at the last collect().
    std::size_t known_keys() const { return known_.size(); }

    /// Asked about a part of a key: whether that cgroup, process or thread is gone for good.
    using IsDead = std::function<bool(SemanticType type, std::uint64_t id)>;

    /// Takes the keys of the dead, those that did not change at the last collect(), out of the
    /// kernel's map. What came between (a thread of the same number) is in the next interval.
    void forget_dead(const IsDead& is_dead, Containers& containers);

    const HistogramSchema& schema() const { return schema_; }
    const Grouping& grouping() const { return grouping_; }

  private:
    /// What one key of the kernel's map held at the last reading.
    struct Known {
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

    void take(const std::byte* key, const std::byte* value, Rows& interval, Containers& containers);
    Row& row_of(const std::byte* key, Rows& rows, Containers& containers) const;
    void read_in_flight(Rows& interval, Containers& containers) const;
    static HistogramRow to_model(const Row& row);

    const Tracer& tracer_;
    const HistogramSchema& schema_;
    Grouping grouping_;
    std::unordered_map<std::string, Known> known_;  ///< by the bytes of the kernel's key
    Rows total_;
    Rows carried_;                          ///< for the next collect()
    std::vector<std::byte> keys_, values_;  ///< of one chunk, reused
    std::uint32_t chunk_ = 128;
};

}  // namespace tally
