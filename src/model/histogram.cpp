// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "model/histogram.h"

#include <algorithm>
#include <cmath>

// Shared with the kernel side, so it is C, casts included.
#include "buckets.h"

namespace tally {

std::uint64_t bucket_floor(std::uint32_t bucket) {
    return tally_bucket_floor(bucket);
}

std::optional<std::uint64_t> bucket_end(std::uint32_t bucket) {
    if (bucket >= TALLY_OVERFLOW_BUCKET) {
        return std::nullopt;
    }
    return tally_bucket_floor(bucket + 1);
}

namespace {

std::uint64_t last_value_of(std::uint32_t bucket) {
    const auto end = bucket_end(bucket);
    return end ? *end - 1 : bucket_floor(bucket);
}

/// How many of `count` values are `percent` of them, rounded up. In integers, to a thousandth of a
/// per cent: in floating point, 99.9 % of 1,000 comes out just above 999.
std::uint64_t rank_of(double percent, std::uint64_t count) {
    constexpr std::uint64_t kWhole = 100'000;
    const auto part = static_cast<std::uint64_t>(std::llround(percent * 1000.0));
    const std::uint64_t rank =
        count / kWhole * part + (count % kWhole * part + kWhole - 1) / kWhole;
    return std::clamp<std::uint64_t>(rank, 1, count);
}

}  // namespace

void Histogram::add(std::uint32_t bucket, std::uint64_t count) {
    if (count == 0) {
        return;
    }
    // A later value may be beyond the smallest or largest known so far.
    if (min_ && bucket <= tally_bucket_of(*min_)) {
        min_.reset();
    }
    if (max_ && bucket >= tally_bucket_of(*max_)) {
        max_.reset();
    }
    const auto place = std::lower_bound(
        buckets_.begin(), buckets_.end(), bucket,
        [](const BucketCount& have, std::uint32_t wanted) { return have.bucket < wanted; });
    if (place != buckets_.end() && place->bucket == bucket) {
        place->count += count;
    } else {
        buckets_.insert(place, {bucket, count});
    }
    count_ += count;
}

void Histogram::set_extremes(std::optional<std::uint64_t> min, std::optional<std::uint64_t> max) {
    if (buckets_.empty()) {
        return;
    }
    const std::uint32_t first = buckets_.front().bucket;
    const std::uint32_t last = buckets_.back().bucket;
    if (min && max && *min > *max) {
        return;
    }
    if (min && tally_bucket_of(*min) == first) {
        min_ = min;
    }
    if (max && tally_bucket_of(*max) == last) {
        max_ = max;
    }
}

void Histogram::merge(const Histogram& other) {
    if (other.empty()) {
        sum_ += other.sum_;
        return;
    }
    const auto low = empty() ? other.min() : std::min(min(), other.min());
    const auto high = empty() ? other.max() : std::max(max(), other.max());
    for (const BucketCount& each : other.buckets_) {
        add(each.bucket, each.count);
    }
    sum_ += other.sum_;
    min_ = low;
    max_ = high;
}

std::optional<std::uint64_t> Histogram::min() const {
    if (buckets_.empty()) {
        return std::nullopt;
    }
    return min_ ? *min_ : bucket_floor(buckets_.front().bucket);
}

std::optional<std::uint64_t> Histogram::max() const {
    if (buckets_.empty()) {
        return std::nullopt;
    }
    return max_ ? *max_ : last_value_of(buckets_.back().bucket);
}

std::optional<std::uint64_t> Histogram::percentile(double percent) const {
    if (buckets_.empty()) {
        return std::nullopt;
    }
    const std::uint64_t rank = rank_of(percent, count_);
    std::uint64_t covered = 0;
    for (const BucketCount& each : buckets_) {
        covered += each.count;
        if (covered >= rank) {
            // The overflow bucket has no upper edge: only the largest value is correct there.
            const auto end = bucket_end(each.bucket);
            return end ? std::min(*end - 1, *max()) : *max();
        }
    }
    return max();
}

}  // namespace tally
