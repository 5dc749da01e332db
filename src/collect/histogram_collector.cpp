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

/// How many slots are read in one system call.
constexpr std::uint32_t kChunk = 64;

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

HistogramCollector::HistogramCollector(const Tracer& tracer, const HistogramSchema& schema,
                                       Grouping grouping)
    : tracer_(tracer), schema_(schema), grouping_(std::move(grouping)) {}

std::vector<HistogramRow> HistogramCollector::collect(Containers& containers) {
    const int map = tracer_.map_fd(schema_.name);
    const std::uint32_t all = tracer_.max_entries(schema_.name);
    Rows interval = std::exchange(carried_, {});
    numbers_.resize(kChunk);
    slots_.resize(kChunk * schema_.slot_size);
    // Slots are taken from the first on, so behind the last that was ever used there is none after
    // a chunk without any.
    std::uint32_t place = 0;
    for (std::uint32_t first = 0; first < all;) {
        std::uint32_t count = std::min(kChunk, all - first);
        const int error = bpf_map_lookup_batch(map, first == 0 ? nullptr : &place, &place,
                                               numbers_.data(), slots_.data(), &count, nullptr);
        if (error != 0 && error != -ENOENT) {
            throw Error("cannot read the kernel's map '{}': {}", schema_.name,
                        std::strerror(-error));
        }
        bool any = false;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (known_.size() <= first + i) {
                known_.resize(first + i + 1);
            }
            any |= take(known_[first + i], slots_.data() + i * schema_.slot_size, interval,
                        containers);
        }
        first += count;
        if (error == -ENOENT || count == 0 || (!any && first >= used_)) {
            break;
        }
        used_ = std::max(used_, any ? first : 0);
    }
    add_in_flight(interval, containers);

    std::vector<HistogramRow> rows;
    rows.reserve(interval.size());
    for (auto& [identity, row] : total_) {
        row.in_flight.reset();
    }
    for (auto& [identity, row] : interval) {
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
        rows.push_back({std::move(row.key.labels), std::move(row.key.fields),
                        std::move(row.histogram), row.in_flight});
    }
    return rows;
}

/// Adds what is new in a slot to the interval. False: the slot is not used.
bool HistogramCollector::take(Known& known, const std::byte* slot, Rows& interval,
                              Containers& containers) {
    known.changed = false;
    std::uint64_t shard = 0;
    std::memcpy(&shard, slot + schema_.shard_offset, sizeof shard);
    if (shard == 0) {
        return false;
    }
    KernelHistogram now;
    std::memcpy(&now, slot + schema_.key_size, sizeof now);
    // With the same sum, only zeros can have come.
    const bool same_zeros = (known.buckets.empty() || known.buckets.front().bucket != 0)
                                ? now.buckets[0] == 0
                                : known.buckets.front().count == now.buckets[0];
    if (now.sum == known.sum && same_zeros) {
        return true;
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
        return true;
    }
    // A slot that is taken while it is read may show half of its key; by now all of it is there.
    if (known.key.empty()) {
        std::vector<std::byte> again(schema_.slot_size);
        const auto number = static_cast<std::uint32_t>(&known - known_.data());
        if (bpf_map_lookup_elem(tracer_.map_fd(schema_.name), &number, again.data()) != 0) {
            return true;
        }
        known.key.assign(again.begin(),
                         again.begin() + static_cast<std::ptrdiff_t>(schema_.key_size));
    }
    Row& row = row_of(known.key.data(), interval, containers);
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
    return true;
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

void HistogramCollector::look_in_flight() {
    if (schema_.has_in_flight) {
        in_flight_ = tracer_.read_iterator(schema_.name + "_in_flight");
    }
}

void HistogramCollector::add_in_flight(Rows& interval, Containers& containers) const {
    const std::vector<std::byte>& records = in_flight_;
    // A record is the key with its age where the map's key has the shard.
    for (std::size_t at = 0; at + schema_.key_size <= records.size(); at += schema_.key_size) {
        std::uint64_t age = 0;
        std::memcpy(&age, records.data() + at + schema_.shard_offset, sizeof age);
        InFlight& in_flight = *row_of(records.data() + at, interval, containers).in_flight;
        ++in_flight.count;
        in_flight.oldest_ns = std::max(in_flight.oldest_ns, age);
    }
}

std::vector<HistogramRow> HistogramCollector::total() const {
    std::vector<HistogramRow> rows;
    rows.reserve(total_.size());
    for (const auto& [identity, row] : total_) {
        if (row.histogram.empty() && (!row.in_flight || row.in_flight->count == 0)) {
            continue;  // it was in flight once, and then ended in another row
        }
        HistogramRow total{row.key.labels, row.key.fields, row.histogram, row.in_flight};
        // An interval knows its extremes only to the bucket; the kernel knows those of the run.
        total.histogram.set_extremes(row.min, row.max);
        if (schema_.has_in_flight && !total.in_flight) {
            total.in_flight = InFlight{};
        }
        rows.push_back(std::move(total));
    }
    return rows;
}

void HistogramCollector::forget_dead(Tracer& tracer, const std::function<bool(CgroupId)>& is_gone,
                                     Containers& containers) {
    const KeyField& cgroup = schema_.key.front();
    if (cgroup.type != SemanticType::cgroup || used_ * 2 < tracer.max_entries(schema_.name)) {
        return;
    }
    const int map = tracer.map_fd(schema_.name);
    for (std::uint32_t number = 0; number < known_.size(); ++number) {
        Known& known = known_[number];
        CgroupId id = 0;
        if (!known.key.empty()) {
            std::memcpy(&id, known.key.data() + cgroup.offset, sizeof id);
        }
        if (id == 0 || known.changed || !is_gone(id)) {
            continue;
        }
        // The last events of a dying thread may have come after the reading.
        slots_.resize(kChunk * schema_.slot_size);
        if (bpf_map_lookup_elem(map, &number, slots_.data()) == 0) {
            take(known, slots_.data(), carried_, containers);
            tracer.free_slot(schema_, number, known.key.data());
            known = {};
        }
    }
}

}  // namespace tally
