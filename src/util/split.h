// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// The parts of a text: "a:b" is "a" and "b", "" is one empty part.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace tally
