// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collect/collector.h"

namespace tally {

/// Collects COUNTS().
class CountsCollector final : public Collector {
  public:
    CountsCollector(std::unique_ptr<SlotMap> slots, const CountsSchema& schema, Grouping grouping);

    AnyReport collect(Report head, const Containers& containers) override;
    AnyReport total(Report head) const override;
    AnyReport expire(Report head) override;

  private:
    using Values = std::vector<std::uint64_t>;
    struct Row {
        RowKey key;
        Values values;
    };
    using Rows = std::unordered_map<std::string, Row>;

    bool add_new(std::uint32_t number, const std::byte* key, const std::byte* content, bool dropped,
                 const Containers& containers) override;
    void forget(std::uint32_t number) override;
    Row& row_in(Rows& rows, RowKey&& key) const;
    CountsReport report_of(Report&& head, const Rows& rows) const;

    const CountsSchema& schema_;
    std::vector<Values> known_;  ///< by slot: the last reading; empty: nothing
    Rows interval_;              ///< since the last collect()
    Rows total_;
};

}  // namespace tally
