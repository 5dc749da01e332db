// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <algorithm>
#include <iterator>

namespace tally {

/// All code points from `first` to `last`.
struct CodePointRange {
    char32_t first;
    char32_t last;
};

/// Whether one of the ranges, which are in ascending order, contains `value`.
template <std::size_t size>
bool contains(const CodePointRange (&ranges)[size], char32_t value) {
    const auto* after = std::upper_bound(
        std::begin(ranges), std::end(ranges), value,
        [](char32_t wanted, const CodePointRange& range) { return wanted < range.first; });
    return after != std::begin(ranges) && value <= std::prev(after)->last;
}

}  // namespace tally
