// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/histogram_collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "buckets.h"
#include "wire.h"

namespace tally {
namespace {

/// struct tally_histogram of bpf/include/histogram.bpf.h; the schema has checked its size.
struct KernelHistogram {
    std::uint64_t sum, min, max;
    std::uint64_t buckets[TALLY_BUCKETS];
};

template <typename T>
std::optional<T> least(std::optional<T> a, std::optional<T> b) {
    return !a ? b : !b ? a : std::min(a, b);
}

}  // namespace

HistogramCollector::HistogramCollector(std::unique_ptr<SlotMap> slots,
                                       const HistogramSchema& schema, Grouping grouping)
    : Collector(std::move(slots), schema, std::move(grouping)),
      schema_(schema),
      in_flight_size_(schema.shard_offset + sizeof(tally_in_flight)) {}

AnyReport HistogramCollector::collect(Report head, const Containers& containers) {
    add_in_flight(containers);

    HistogramReport report{std::move(head), schema_.unit, {}};
    describe(report);
    report.rows.reserve(interval_.size());
    for (auto& [identity, row] : total_) {
        row.in_flight.reset();
    }
    for (auto& [identity, row] : std::exchange(interval_, {})) {
        row.histogram.set_extremes(row.min, row.max);
        const auto [known, is_new] = total_.try_emplace(identity);
        Row& total = known->second;
        if (is_new) {
            total.key = row.key;
        }
        total.histogram.merge(row.histogram);
        total.min = least(total.min, row.min);
        total.max = std::max(total.max, row.max);
        total.in_flight = row.in_flight;
        report.rows.push_back({std::move(row.key.name), std::move(row.histogram), row.in_flight});
    }
    // What was in flight once, and then ended in another row, or in none. (A sum may come without a
    // bucket: the kernel adds it after that, and a reading may be between the two.)
    std::erase_if(total_, [](const auto& each) {
        return is_empty(each.second) && each.second.histogram.sum() == 0;
    });
    return report;
}

bool HistogramCollector::add_new(std::uint32_t number, const std::byte* key,
                                 const std::byte* content, bool dropped,
                                 const Containers& containers) {
    if (contents_.size() <= number) {
        contents_.resize(number + 1);
    }
    SlotContent& known = contents_[number];
    KernelHistogram now;
    std::memcpy(&now, content, sizeof now);
    // With the same sum, only zeros can have come.
    const bool same_zeros = (known.buckets.empty() || known.buckets.front().bucket != 0)
                                ? now.buckets[0] == 0
                                : known.buckets.front().count == now.buckets[0];
    if (now.sum == known.sum && same_zeros) {
        return false;
    }
    auto before = known.buckets.begin();
    std::vector<BucketCount> changed;
    for (std::uint32_t bucket = 0; bucket < TALLY_BUCKETS; ++bucket) {
        if (now.buckets[bucket] == 0) {
            continue;
        }
        while (before != known.buckets.end() && before->bucket < bucket) {
            ++before;
        }
        const bool had = before != known.buckets.end() && before->bucket == bucket;
        const std::uint64_t added = now.buckets[bucket] - (had ? before->count : 0);
        if (added != 0) {
            changed.push_back({bucket, added});
        }
    }
    if (changed.empty() && now.sum == known.sum) {
        return false;
    }
    if (!dropped) {
        Row& row = row_of(key, containers);
        note_row(number, row.key.identity);
        for (const BucketCount& each : changed) {
            row.histogram.add(each.bucket, each.count);
        }
        row.histogram.add_sum(now.sum - known.sum);
        row.min = least<std::uint64_t>(row.min, now.min);
        row.max = std::max(row.max, std::optional<std::uint64_t>(now.max));
    }

    known.sum = now.sum;
    known.buckets.clear();
    for (std::uint32_t bucket = 0; bucket < TALLY_BUCKETS; ++bucket) {
        if (now.buckets[bucket] != 0) {
            known.buckets.push_back({bucket, now.buckets[bucket]});
        }
    }
    return true;
}

bool HistogramCollector::is_empty(const Row& row) {
    return row.histogram.empty() && (!row.in_flight || row.in_flight->count == 0);
}

void HistogramCollector::forget(std::uint32_t number) {
    contents_[number] = {};
}

HistogramCollector::Row& HistogramCollector::row_of(const std::byte* key,
                                                    const Containers& containers) {
    RowKey named = grouping().resolve(key, containers);
    const auto [place, is_new] = interval_.try_emplace(named.identity);
    if (is_new) {
        place->second.key = std::move(named);
        if (schema_.has_in_flight) {
            place->second.in_flight = InFlight{};
        }
    }
    return place->second;
}

void HistogramCollector::look_in_flight(std::chrono::nanoseconds age_of_run) {
    if (schema_.has_in_flight) {
        in_flight_ = slots().in_flight();
        age_of_run_ = age_of_run;
        for (std::size_t at = 0; at + in_flight_size_ <= in_flight_.size(); at += in_flight_size_) {
            note_cgroup(in_flight_.data() + at);
        }
        forget_repeated_cgroups();
    }
}

void HistogramCollector::add_in_flight(const Containers& containers) {
    for (std::size_t at = 0; at + in_flight_size_ <= in_flight_.size(); at += in_flight_size_) {
        if (admission_of(in_flight_.data() + at) != Admission::counted) {
            continue;
        }
        tally_in_flight one;
        std::memcpy(&one, in_flight_.data() + at + schema_.shard_offset, sizeof one);
        const bool is_older = one.age == TALLY_OLDER_THAN_RUN;
        const auto age_of_run = static_cast<std::uint64_t>(age_of_run_.count());
        const std::uint64_t age = is_older ? age_of_run : one.age;
        InFlight& in_flight = *row_of(in_flight_.data() + at, containers).in_flight;
        ++in_flight.count;
        in_flight.before_attach += is_older;
        in_flight.sum_ns += std::min(age, age_of_run);
        if (in_flight.count == 1 ||
            std::pair(is_older, age) >
                std::pair(in_flight.oldest_before_attach, in_flight.oldest_ns)) {
            in_flight.oldest_ns = age;
            in_flight.oldest_before_attach = is_older;
            in_flight.oldest_pid = one.pid;
            in_flight.oldest_tid = one.tid;
            in_flight.oldest_comm.assign(one.comm, ::strnlen(one.comm, sizeof one.comm));
        }
    }
}

AnyReport HistogramCollector::total(Report head) const {
    return totals_of(std::move(head), total_);
}

AnyReport HistogramCollector::expire(Report head) {
    const auto is_kept = [this](const std::string& identity) {
        const auto found = total_.find(identity);
        return interval_.contains(identity) || (found != total_.end() && found->second.in_flight &&
                                                found->second.in_flight->count != 0);
    };
    Rows expired;
    for (const std::string& each : take_expired(is_kept)) {
        expired.insert(total_.extract(each));
    }
    return totals_of(std::move(head), expired);
}

HistogramReport HistogramCollector::totals_of(Report&& head, const Rows& rows) const {
    HistogramReport report{std::move(head), schema_.unit, {}};
    describe(report);
    report.rows.reserve(rows.size());
    for (const auto& [identity, row] : rows) {
        if (is_empty(row)) {
            continue;
        }
        HistogramRow total{row.key.name, row.histogram, row.in_flight};
        // An interval knows its extremes only to the bucket; the kernel knows those of the run.
        total.histogram.set_extremes(row.min, row.max);
        if (schema_.has_in_flight && !total.in_flight) {
            total.in_flight = InFlight{};
        }
        report.rows.push_back(std::move(total));
    }
    return report;
}

}  // namespace tally
