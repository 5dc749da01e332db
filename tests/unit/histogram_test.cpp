// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The buckets that both sides share, and what user space reads out of them: against sorted arrays.
#include "model/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <vector>

// Shared with the kernel side, so it is C, casts included.
#include "buckets.h"

namespace tally {
namespace {

using Values = std::vector<std::uint64_t>;

constexpr std::uint64_t kOverflow = std::uint64_t{1} << 41;

Histogram histogram_of(const Values& values) {
    Histogram histogram;
    for (const std::uint64_t value : values) {
        histogram.add(tally_bucket_of(value), 1);
        histogram.add_sum(value);
    }
    return histogram;
}

TEST(Buckets, EveryEdgeBelongsToItsOwnBucket) {
    for (std::uint32_t bucket = 0; bucket < TALLY_OVERFLOW_BUCKET; ++bucket) {
        const std::uint64_t floor = bucket_floor(bucket);
        const std::uint64_t end = bucket_end(bucket).value();
        EXPECT_EQ(tally_bucket_of(floor), bucket);
        EXPECT_EQ(tally_bucket_of(end - 1), bucket);
        EXPECT_EQ(tally_bucket_of(end), bucket + 1);
        EXPECT_LT(floor, end);
        EXPECT_LE((end - floor) * 8, std::max<std::uint64_t>(floor, 8)) << "bucket " << bucket;
    }
}

TEST(Buckets, SmallValuesAreExact) {
    for (std::uint64_t value = 0; value < 16; ++value) {
        EXPECT_EQ(bucket_floor(tally_bucket_of(value)), value);
        EXPECT_EQ(bucket_end(tally_bucket_of(value)), value + 1);
    }
}

TEST(Buckets, OverflowBegins36MinutesAndHasNoEnd) {
    EXPECT_EQ(tally_bucket_of(kOverflow - 1), TALLY_OVERFLOW_BUCKET - 1);
    EXPECT_EQ(tally_bucket_of(kOverflow), std::uint32_t{TALLY_OVERFLOW_BUCKET});
    EXPECT_EQ(tally_bucket_of(UINT64_MAX), std::uint32_t{TALLY_OVERFLOW_BUCKET});
    EXPECT_EQ(bucket_floor(TALLY_OVERFLOW_BUCKET), kOverflow);
    EXPECT_EQ(bucket_end(TALLY_OVERFLOW_BUCKET), std::nullopt);
    EXPECT_EQ(bucket_end(TALLY_OVERFLOW_BUCKET - 1), kOverflow);
}

TEST(Buckets, HighestBitIsRightForEveryBit) {
    for (std::uint32_t bit = 0; bit < 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        EXPECT_EQ(tally_highest_bit(power), bit);
        EXPECT_EQ(tally_highest_bit(power | (power - 1)), bit);
    }
}

TEST(Histogram, EmptyKnowsNothing) {
    const Histogram empty;
    EXPECT_TRUE(empty.empty());
    EXPECT_EQ(empty.count(), 0U);
    EXPECT_EQ(empty.min(), std::nullopt);
    EXPECT_EQ(empty.max(), std::nullopt);
    EXPECT_EQ(empty.percentile(50), std::nullopt);
}

TEST(Histogram, AddingNothingLeavesNoBucket) {
    Histogram histogram;
    histogram.add(7, 0);
    EXPECT_TRUE(histogram.buckets().empty());
}

TEST(Histogram, BucketsAreAscendingWhateverTheOrder) {
    Histogram histogram;
    for (const std::uint32_t bucket : {40U, 3U, 312U, 3U, 0U}) {
        histogram.add(bucket, 2);
    }
    const std::vector<BucketCount> expected = {{0, 2}, {3, 4}, {40, 2}, {312, 2}};
    EXPECT_EQ(histogram.buckets(), expected);
    EXPECT_EQ(histogram.count(), 10U);
}

/// The value at the rank that the percentile stands for.
std::uint64_t exact_percentile(const Values& sorted, std::uint64_t thousandths) {
    const std::uint64_t rank = (thousandths * sorted.size() + 99'999) / 100'000;
    return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

void expect_percentiles_within_bound(Values values, const char* what) {
    const Histogram histogram = histogram_of(values);
    std::sort(values.begin(), values.end());
    for (const std::uint64_t thousandths :
         {1U, 1'000U, 25'000U, 50'000U, 90'000U, 99'000U, 99'900U, 99'999U, 100'000U}) {
        const double percent = static_cast<double>(thousandths) / 1000;
        const std::uint64_t exact = exact_percentile(values, thousandths);
        const std::uint64_t told = histogram.percentile(percent).value();
        if (exact >= kOverflow) {
            EXPECT_EQ(told, kOverflow) << what << " p" << percent;
            continue;
        }
        EXPECT_GE(told, exact) << what << " p" << percent;
        EXPECT_LE(told - exact, exact / 8) << what << " p" << percent << " exact " << exact;
        EXPECT_EQ(tally_bucket_of(told), tally_bucket_of(exact)) << what << " p" << percent;
    }
}

TEST(Percentiles, AgreeWithSortedArraysOfRandomValues) {
    std::mt19937_64 random(20261122);
    std::uniform_int_distribution<std::uint64_t> uniform(0, 5'000'000'000);
    std::uniform_real_distribution<double> exponent(0, 41);
    std::exponential_distribution<double> exponential(1 / 30'000.0);
    const std::map<const char*, std::function<std::uint64_t()>> sources = {
        {"uniform", [&] { return uniform(random); }},
        {"log-uniform",
         [&] { return static_cast<std::uint64_t>(std::exp2(exponent(random))) - 1; }},
        {"exponential", [&] { return static_cast<std::uint64_t>(exponential(random)); }},
    };
    for (const auto& [what, next] : sources) {
        for (const std::size_t size : {1U, 2U, 9U, 10U, 100U, 999U, 1000U, 1001U, 20'000U}) {
            Values values(size);
            std::generate(values.begin(), values.end(), next);
            expect_percentiles_within_bound(values, what);
        }
    }
}

TEST(Percentiles, AgreeWithSortedArraysOfAwkwardValues) {
    expect_percentiles_within_bound(Values(1000, 12'345), "all equal");
    expect_percentiles_within_bound(Values(10, 0), "zeros");
    expect_percentiles_within_bound(Values(10, kOverflow), "overflow only");
    expect_percentiles_within_bound({0, kOverflow}, "both ends");

    Values edges;
    for (std::uint32_t bucket = 0; bucket < TALLY_OVERFLOW_BUCKET; ++bucket) {
        edges.push_back(bucket_floor(bucket));
        edges.push_back(bucket_end(bucket).value() - 1);
    }
    expect_percentiles_within_bound(edges, "on edges");

    Values spikes(990, 1'000);
    spikes.insert(spikes.end(), 10, 1'000'000'000);
    expect_percentiles_within_bound(spikes, "two spikes");
}

TEST(Percentiles, RanksAreExact) {
    // 999 of 1,000 are 99.9 %: the one that is left must not count.
    Values values(999, 5);
    values.push_back(7);
    EXPECT_EQ(histogram_of(values).percentile(99.9), 5U);
    values[998] = 7;
    EXPECT_EQ(histogram_of(values).percentile(99.9), 7U);

    Histogram many;  // beyond what a double or 64 bits times 100,000 could hold
    many.add(1, std::uint64_t{1} << 62);
    many.add(2, 1);
    EXPECT_EQ(many.percentile(99.9), 1U);
    EXPECT_EQ(many.percentile(100), 2U);
}

TEST(Percentiles, NeverExceedTheLargestValue) {
    Histogram histogram = histogram_of({1030, 1040});
    EXPECT_EQ(histogram.percentile(100), 1151U);
    histogram.set_extremes(1030, 1040);
    EXPECT_EQ(histogram.percentile(50), 1040U);
    EXPECT_EQ(histogram.percentile(100), 1040U);

    Histogram overflow = histogram_of({kOverflow + 5});
    EXPECT_EQ(overflow.percentile(50), kOverflow);
    overflow.set_extremes(std::nullopt, kOverflow + 5);
    EXPECT_EQ(overflow.percentile(50), kOverflow + 5);
}

TEST(Extremes, AreTheEdgesUntilMoreIsKnown) {
    Histogram histogram = histogram_of({1030, 5000});
    EXPECT_EQ(histogram.min(), 1024U);
    EXPECT_EQ(histogram.max(), 5119U);
    histogram.set_extremes(1030, 5000);
    EXPECT_EQ(histogram.min(), 1030U);
    EXPECT_EQ(histogram.max(), 5000U);
}

TEST(Extremes, AreIgnoredAgainstTheBuckets) {
    Histogram histogram = histogram_of({1030, 5000});
    histogram.set_extremes(3, 1'000'000);
    EXPECT_EQ(histogram.min(), 1024U);
    EXPECT_EQ(histogram.max(), 5119U);

    Histogram one = histogram_of({1030});
    one.set_extremes(1100, 1050);  // each fits the bucket, but not both
    EXPECT_EQ(one.min(), 1024U);
    EXPECT_EQ(one.max(), 1151U);

    Histogram empty;
    empty.set_extremes(1, 2);
    EXPECT_EQ(empty.min(), std::nullopt);
}

TEST(Extremes, AreForgottenWhenValuesBeyondThemCome) {
    Histogram histogram = histogram_of({1030, 5000});
    histogram.set_extremes(1030, 5000);
    histogram.add(tally_bucket_of(2000), 1);
    EXPECT_EQ(histogram.min(), 1030U);
    EXPECT_EQ(histogram.max(), 5000U);
    histogram.add(tally_bucket_of(10), 1);
    histogram.add(tally_bucket_of(5050), 1);
    EXPECT_EQ(histogram.min(), 10U);
    EXPECT_EQ(histogram.max(), 5119U);
}

void expect_same(const Histogram& one, const Histogram& other) {
    EXPECT_EQ(one.buckets(), other.buckets());
    EXPECT_EQ(one.count(), other.count());
    EXPECT_EQ(one.sum(), other.sum());
    EXPECT_EQ(one.min(), other.min());
    EXPECT_EQ(one.max(), other.max());
}

TEST(Merge, IsAssociativeAndLosesNothing) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> exponent(0, 43);
    for (int round = 0; round < 50; ++round) {
        Values all;
        Histogram parts[3];
        for (Histogram& part : parts) {
            Values values(random() % 40);
            for (std::uint64_t& value : values) {
                value = static_cast<std::uint64_t>(std::exp2(exponent(random)));
            }
            part = histogram_of(values);
            if (!values.empty()) {
                part.set_extremes(*std::min_element(values.begin(), values.end()),
                                  *std::max_element(values.begin(), values.end()));
            }
            all.insert(all.end(), values.begin(), values.end());
        }
        Histogram left = parts[0];
        left.merge(parts[1]);
        left.merge(parts[2]);
        Histogram tail = parts[1];
        tail.merge(parts[2]);
        Histogram right = parts[0];
        right.merge(tail);
        expect_same(left, right);

        Histogram whole = histogram_of(all);
        if (!all.empty()) {
            whole.set_extremes(*std::min_element(all.begin(), all.end()),
                               *std::max_element(all.begin(), all.end()));
        }
        expect_same(left, whole);
    }
}

TEST(Merge, WithNothingAndWithItself) {
    Histogram histogram = histogram_of({5, 70});
    histogram.merge(Histogram());
    EXPECT_EQ(histogram.count(), 2U);
    histogram.merge(histogram);
    EXPECT_EQ(histogram.count(), 4U);
    EXPECT_EQ(histogram.sum(), 150U);
    EXPECT_EQ(histogram.buckets().front().count, 2U);

    Histogram only_sum;  // a snapshot may see the sum of a value before its bucket
    only_sum.add_sum(9);
    histogram.merge(only_sum);
    EXPECT_EQ(histogram.sum(), 159U);
}

}  // namespace
}  // namespace tally
