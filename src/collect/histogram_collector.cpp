// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/histogram_collector.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "buckets.h"
#include "util/error.h"

namespace tally {
namespace {

/// The value of a histogram map: struct tally_histogram of bpf/include/histogram.bpf.h, which the
/// schema has checked for its size.
struct KernelHistogram {
    std::uint64_t sum, min, max;
    std::uint64_t buckets[TALLY_BUCKETS];
};

template <typename T>
std::optional<T> least(std::optional<T> a, std::optional<T> b) {
    return !a ? b : !b ? a : std::min(a, b);
}

}  // namespace

HistogramCollector::HistogramCollector(const Tracer& tracer, const HistogramSchema& schema,
                                       Grouping grouping)
    : tracer_(tracer), schema_(schema), grouping_(std::move(grouping)) {}

std::vector<HistogramRow> HistogramCollector::collect(Containers& containers) {
    const int map = tracer_.map_fd(schema_.name);
    Rows interval = std::exchange(carried_, {});
    for (auto& [key, known] : known_) {
        known.changed = false;
    }
    // The kernel's place in its table between two chunks; opaque, at most a key long for a hash.
    std::vector<std::byte> place(schema_.key_size), next(schema_.key_size);
    bool first = true;
    for (;;) {
        keys_.resize(std::size_t{chunk_} * schema_.key_size);
        values_.resize(std::size_t{chunk_} * sizeof(KernelHistogram));
        std::uint32_t count = chunk_;
        const int error = bpf_map_lookup_batch(map, first ? nullptr : place.data(), next.data(),
                                               keys_.data(), values_.data(), &count, nullptr);
        if (error == -ENOSPC) {
            chunk_ *= 2;  // one slot of the kernel's table holds more keys than fit: again, larger
            continue;
        }
        if (error != 0 && error != -ENOENT) {
            throw Error("cannot read the kernel's map '{}': {}", schema_.name,
                        std::strerror(-error));
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            take(keys_.data() + i * schema_.key_size, values_.data() + i * sizeof(KernelHistogram),
                 interval, containers);
        }
        if (error == -ENOENT) {
            break;
        }
        std::swap(place, next);
        first = false;
    }
    if (schema_.has_in_flight) {
        read_in_flight(interval, containers);
    }

    std::vector<HistogramRow> rows;
    rows.reserve(interval.size());
    for (auto& [identity, row] : total_) {
        row.in_flight.reset();
    }
    for (auto& [identity, row] : interval) {
        row.histogram.set_extremes(row.min, row.max);
        Row& total = total_[identity];
        total.key = row.key;
        total.histogram.merge(row.histogram);
        total.min = least(total.min, row.min);
        total.max = std::max(total.max, row.max);
        total.in_flight = row.in_flight;
        rows.push_back(to_model(row));
    }
    return rows;
}

void HistogramCollector::take(const std::byte* key, const std::byte* value, Rows& interval,
                              Containers& containers) {
    KernelHistogram now;
    std::memcpy(&now, value, sizeof now);
    Known& known = known_[std::string(reinterpret_cast<const char*>(key), schema_.key_size)];
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
        return;
    }
    Row& row = row_of(key, interval, containers);
    for (const BucketCount& each : changed) {
        row.histogram.add(each.bucket, each.count);
    }
    row.histogram.add_sum(now.sum - known.sum);
    row.min = least<std::uint64_t>(row.min, now.min);
    row.max = std::max(row.max, std::optional<std::uint64_t>(now.max));

    known.changed = true;
    known.sum = now.sum;
    known.buckets.clear();
    for (std::uint32_t bucket = 0; bucket < TALLY_BUCKETS; ++bucket) {
        if (now.buckets[bucket] != 0) {
            known.buckets.push_back({bucket, now.buckets[bucket]});
        }
    }
}

HistogramCollector::Row& HistogramCollector::row_of(const std::byte* key, Rows& rows,
                                                    Containers& containers) const {
    RowKey named = grouping_.resolve(key, containers);
    const auto [place, is_new] = rows.try_emplace(named.identity);
    if (is_new) {
        place->second.key = std::move(named);
        if (schema_.has_in_flight) {
            place->second.in_flight = InFlight{};
        }
    }
    return place->second;
}

void HistogramCollector::read_in_flight(Rows& interval, Containers& containers) const {
    const std::vector<std::byte> records = tracer_.read_iterator(schema_.name + "_in_flight");
    // A record is the key with its age where the map's key has the shard.
    for (std::size_t at = 0; at + schema_.key_size <= records.size(); at += schema_.key_size) {
        std::uint64_t age = 0;
        std::memcpy(&age, records.data() + at + schema_.shard_offset, sizeof age);
        InFlight& in_flight = *row_of(records.data() + at, interval, containers).in_flight;
        ++in_flight.count;
        in_flight.oldest_ns = std::max(in_flight.oldest_ns, age);
    }
}

HistogramRow HistogramCollector::to_model(const Row& row) {
    return {row.key.labels, row.key.fields, row.histogram, row.in_flight};
}

std::vector<HistogramRow> HistogramCollector::total() const {
    std::vector<HistogramRow> rows;
    rows.reserve(total_.size());
    for (const auto& [identity, row] : total_) {
        HistogramRow total = to_model(row);
        // An interval knows its extremes only to the bucket; the kernel knows those of the run.
        total.histogram.set_extremes(row.min, row.max);
        if (schema_.has_in_flight && !total.in_flight) {
            total.in_flight = InFlight{};
        }
        rows.push_back(std::move(total));
    }
    return rows;
}

void HistogramCollector::forget_dead(const IsDead& is_dead, Containers& containers) {
    const int map = tracer_.map_fd(schema_.name);
    std::vector<std::byte> value(sizeof(KernelHistogram));
    std::erase_if(known_, [&](auto& each) {
        auto& [key, known] = each;
        const auto* bytes = reinterpret_cast<const std::byte*>(key.data());
        const bool dead =
            !known.changed &&
            std::any_of(schema_.key.begin(), schema_.key.end(), [&](const KeyField& field) {
                std::uint64_t id = 0;
                std::memcpy(&id, bytes + field.offset, std::min(field.size, sizeof id));
                return id != 0 && is_dead(field.type, id);
            });
        // In one step (since 5.14): a thread that has just taken the number over loses nothing.
        if (!dead || bpf_map_lookup_and_delete_elem(map, key.data(), value.data()) != 0) {
            return false;
        }
        take(bytes, value.data(), carried_, containers);
        return true;
    });
}

}  // namespace tally
