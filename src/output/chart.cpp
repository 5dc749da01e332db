// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/chart.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tally {

namespace {

/// `value` of `largest` in steps of `steps`: at least 1, 0 only for 0.
std::size_t steps_of(std::uint64_t value, std::uint64_t largest, std::size_t steps) {
    if (value == 0 || largest == 0) {
        return 0;
    }
    const double share = static_cast<double>(value) / static_cast<double>(largest);
    const auto taken = static_cast<std::size_t>(std::lround(share * static_cast<double>(steps)));
    return std::clamp<std::size_t>(taken, 1, steps);
}

}  // namespace

PowerCounts count_powers(const Histogram& histogram) {
    PowerCounts counts{};
    for (const BucketCount& each : histogram.buckets()) {
        const auto power = static_cast<std::size_t>(std::bit_width(bucket_floor(each.bucket)));
        counts[std::min(power, kPowers - 1)] += each.count;
    }
    return counts;
}

std::uint64_t power_floor(std::size_t power) {
    return power == 0 ? 0 : std::uint64_t{1} << (power - 1);
}

PowerRange used_powers(const PowerCounts& counts) {
    PowerRange range;
    bool any = false;
    for (std::size_t power = 0; power < kPowers; ++power) {
        if (counts[power] != 0) {
            range.first = any ? range.first : power;
            range.last = power;
            any = true;
        }
    }
    return range;
}

std::string bar(std::uint64_t value, std::uint64_t largest, std::size_t width, bool unicode) {
    if (!unicode) {
        return std::string(steps_of(value, largest, width), '#');
    }
    constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const std::size_t eighths = steps_of(value, largest, width * 8);
    std::string result;
    for (std::size_t column = 0; column < eighths / 8; ++column) {
        result += "█";
    }
    return result + kEighths[eighths % 8];
}

std::string spark_line(std::span<const std::uint64_t> numbers, bool unicode) {
    constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr const char* kAscii[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
    const std::uint64_t largest =
        numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end());
    std::string result;
    for (const std::uint64_t number : numbers) {
        const std::size_t level = steps_of(number, largest, 8);
        result += unicode ? kBlocks[level] : kAscii[level];
    }
    return result;
}

}  // namespace tally
