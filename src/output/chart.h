// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Distributions drawn with characters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/histogram.h"

namespace tally {

/// One for each bit width of a value: 0, 1, 2..3, 4..7 ... up to 2^41 - 1, and one for the overflow
/// bucket (bpf/include/buckets.h).
inline constexpr std::size_t kPowers = 43;

/// The number of values in each power of two, which is eight buckets. A diagram needs no more rows
/// than that; percentiles and JSON keep the buckets.
using PowerCounts = std::array<std::uint64_t, kPowers>;
PowerCounts count_powers(const Histogram& histogram);

/// The first value of a power, which is the first one beyond the power before it.
std::uint64_t power_floor(std::size_t power);

/// A range of powers, the last one included.
struct PowerRange {
    std::size_t first = 0;
    std::size_t last = 0;

    std::size_t size() const { return last - first + 1; }
};

/// From the first to the last power that has a value; if none has, the first power.
PowerRange used_powers(const PowerCounts& counts);

/// A horizontal bar for `value` where `largest` takes `width` columns. Not padded. Never empty
/// unless `value` is 0.
std::string bar(std::uint64_t value, std::uint64_t largest, std::size_t width, bool unicode);

/// One character per number, with a height relative to the largest. Only 0 is a blank.
std::string spark_line(std::span<const std::uint64_t> numbers, bool unicode);

}  // namespace tally
