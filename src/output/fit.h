// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Text of a given number of terminal columns. All of it works on valid UTF-8 (escape.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tally {

/// At most `width` columns; longer text loses its end.
std::string cut_end(std::string_view text, std::size_t width, bool unicode);

/// At most `width` columns; longer text loses its middle. For names, which differ at either end:
/// NAMESPACE/POD/CONTAINER.
std::string cut_middle(std::string_view text, std::size_t width, bool unicode);

/// At least `width` columns, with blanks on the right, or on the left.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

}  // namespace tally
