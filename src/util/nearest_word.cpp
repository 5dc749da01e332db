// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "util/nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace tally {
namespace {

/// Longer words are not compared: the time grows with the product of the lengths.
constexpr std::size_t kLongest = 64;

/// How many letters have to be inserted, deleted or replaced to make one text the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    // The distances from the part of `from` that was read to each beginning of `to`.
    std::vector<std::size_t> distances(to.size() + 1);
    std::iota(distances.begin(), distances.end(), std::size_t{0});
    for (std::size_t row = 0; row < from.size(); ++row) {
        std::size_t diagonal = distances[0];
        distances[0] = row + 1;
        for (std::size_t column = 0; column < to.size(); ++column) {
            const std::size_t replaced = diagonal + (from[row] == to[column] ? 0 : 1);
            diagonal = distances[column + 1];
            distances[column + 1] = std::min({replaced, diagonal + 1, distances[column] + 1});
        }
    }
    return distances[to.size()];
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view typed,
                                        std::span<const std::string> words) {
    if (typed.size() > kLongest) {
        return std::nullopt;
    }
    std::optional<std::string> nearest;
    std::size_t least = std::max<std::size_t>(2, typed.size() / 3) + 1;
    for (const std::string& word : words) {
        const std::size_t distance = edit_distance(typed, word);
        if (distance < least && distance < std::max(typed.size(), word.size())) {
            least = distance;
            nearest = word;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string> words) {
    const std::optional<std::string> word = nearest_word(typed, words);
    return word ? "; did you mean " + *word + "?" : "";
}

}  // namespace tally
