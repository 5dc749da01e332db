// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tally {

/// How many values fell into one bucket of bpf/include/buckets.h.
struct BucketCount {
    std::uint32_t bucket = 0;  ///< 0 .. TALLY_OVERFLOW_BUCKET
    std::uint64_t count = 0;   ///< never 0 in a Histogram

    bool operator==(const BucketCount&) const = default;
};

/// A log-linear histogram of raw values (nanoseconds, bytes ...), with only the non-empty buckets.
/// Adding is exact; a percentile is exact to its bucket (12.5 % of the value).
class Histogram {
  public:
    /// Counts `count` more values in `bucket`.
    void add(std::uint32_t bucket, std::uint64_t count);

    /// Adds to the sum of the values, which cannot be derived from the buckets.
    void add_sum(std::uint64_t sum) { sum_ += sum; }

    /// Sets the smallest and largest value where they are known more exactly than the buckets'
    /// edges. Ignored where they contradict the buckets.
    void set_extremes(std::optional<std::uint64_t> min, std::optional<std::uint64_t> max);

    /// Adds all of `other`.
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::uint64_t sum() const { return sum_; }
    bool empty() const { return count_ == 0; }

    /// The smallest value; without set_extremes() the lower edge of the first bucket. Empty: none.
    std::optional<std::uint64_t> min() const;

    /// The largest value; without set_extremes() the largest value that the last bucket can hold,
    /// for the overflow bucket its lower edge. Empty: none.
    std::optional<std::uint64_t> max() const;

    /// The largest value of the smallest bucket that covers the rank, never above max().
    /// `percent` is above 0, at most 100. Empty: none.
    std::optional<std::uint64_t> percentile(double percent) const;

    /// In ascending order, none empty.
    const std::vector<BucketCount>& buckets() const { return buckets_; }

  private:
    std::vector<BucketCount> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::optional<std::uint64_t> min_;
    std::optional<std::uint64_t> max_;
};

/// The first value of a bucket.
std::uint64_t bucket_floor(std::uint32_t bucket);

/// The first value beyond a bucket; none for the overflow bucket.
std::optional<std::uint64_t> bucket_end(std::uint32_t bucket);

}  // namespace tally
