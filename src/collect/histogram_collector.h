// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collect/collector.h"

namespace tally {

/// Collects a HISTOGRAM().
class HistogramCollector final : public Collector {
  public:
    HistogramCollector(std::unique_ptr<SlotMap> slots, const HistogramSchema& schema,
                       Grouping grouping);

    void look_in_flight(std::chrono::nanoseconds age_of_run) override;
    AnyReport collect(Report head, const Containers& containers) override;
    AnyReport total(Report head) const override;
    AnyReport expire(Report head) override;

  private:
    /// What a slot of the kernel's map held at the last reading.
    struct SlotContent {
        std::vector<BucketCount> buckets;
        std::uint64_t sum = 0;
    };
    struct Row {
        RowKey key;
        Histogram histogram;
        std::optional<std::uint64_t> min, max;  ///< the kernel's, of the whole run
        std::optional<InFlight> in_flight;
    };
    using Rows = std::unordered_map<std::string, Row>;

    /// Nothing was measured, and nothing is in flight.
    static bool is_empty(const Row& row);

    bool add_new(std::uint32_t number, const std::byte* key, const std::byte* content, bool dropped,
                 const Containers& containers) override;
    void forget(std::uint32_t number) override;
    Row& row_of(const std::byte* key, const Containers& containers);
    void add_in_flight(const Containers& containers);
    HistogramReport totals_of(Report&& head, const Rows& rows) const;

    const HistogramSchema& schema_;
    const std::size_t in_flight_size_;  ///< of a record: a key without its shard, and what is known
    std::vector<SlotContent> contents_;  ///< by slot
    Rows interval_;                      ///< since the last collect()
    Rows total_;
    std::vector<std::byte> in_flight_;  ///< the records
    std::chrono::nanoseconds age_of_run_{};
};

}  // namespace tally
