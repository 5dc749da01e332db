// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tally {

inline constexpr std::size_t kHelpWidth = 80;   ///< of a line of help
inline constexpr std::size_t kHelpColumn = 30;  ///< where the descriptions of options begin

/// Breaks text between words; every line but the first begins with `indent` blanks.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace tally
