// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/counts_collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tally {

CountsCollector::CountsCollector(std::unique_ptr<SlotMap> slots, const CountsSchema& schema,
                                 Grouping grouping)
    : Collector(std::move(slots), schema, std::move(grouping)), schema_(schema) {}

CountsCollector::Row& CountsCollector::row_in(Rows& rows, RowKey&& key) const {
    const auto [place, is_new] = rows.try_emplace(key.identity);
    if (is_new) {
        place->second = {std::move(key), Values(schema_.values.size())};
    }
    return place->second;
}

bool CountsCollector::add_new(std::uint32_t number, const std::byte* key, const std::byte* content,
                              bool dropped, const Containers& containers) {
    if (known_.size() <= number) {
        known_.resize(number + 1);
    }
    Values now(schema_.values.size());
    std::memcpy(now.data(), content, now.size() * sizeof now[0]);
    Values& known = known_[number];
    known.resize(now.size());
    if (now == known) {
        return false;
    }
    if (!dropped) {
        Row& row = row_in(interval_, grouping().resolve(key, containers));
        note_row(number, row.key.identity);
        for (std::size_t i = 0; i < now.size(); ++i) {
            row.values[i] += now[i] - known[i];
        }
    }
    known = std::move(now);
    return true;
}

void CountsCollector::forget(std::uint32_t number) {
    known_[number].clear();
}

CountsReport CountsCollector::report_of(Report&& head, const Rows& rows) const {
    CountsReport report{std::move(head), schema_.values, {}};
    describe(report);
    for (const auto& [identity, row] : rows) {
        report.rows.push_back({row.key.name, row.values});
    }
    return report;
}

AnyReport CountsCollector::collect(Report head, const Containers& /*containers*/) {
    CountsReport report = report_of(std::move(head), interval_);
    for (auto& [identity, row] : std::exchange(interval_, {})) {
        Row& total = row_in(total_, std::move(row.key));
        std::transform(total.values.begin(), total.values.end(), row.values.begin(),
                       total.values.begin(), std::plus<>());
    }
    return report;
}

AnyReport CountsCollector::total(Report head) const {
    return report_of(std::move(head), total_);
}

AnyReport CountsCollector::expire(Report head) {
    Rows expired;
    for (const std::string& each : take_expired(
             [this](const std::string& identity) { return interval_.contains(identity); })) {
        expired.insert(total_.extract(each));
    }
    return report_of(std::move(head), expired);
}

}  // namespace tally
