// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tally {

/// The word that a mistyped one probably stands for: the first with the fewest letters to insert,
/// delete or replace. None if that takes more than two and more than a third of the letters typed,
/// or leaves no letter in its place.
std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> words);

/// The same as the end of a sentence, "; did you mean runqlat?"; empty if there is none.
std::string did_you_mean(std::string_view typed, std::span<const std::string> words);

}  // namespace tally
