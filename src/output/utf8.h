// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <string_view>

namespace tally {

/// The beginning of a string.
struct CodePoint {
    char32_t value = 0;      ///< the code point; for an invalid byte the byte itself
    std::size_t length = 1;  ///< how many bytes it takes
    bool valid = false;
};

/// Decodes the first code point of `bytes`, which must not be empty. Strict: no overlong forms, no
/// surrogates, nothing above U+10FFFF. An invalid sequence is returned byte by byte.
CodePoint first_code_point(std::string_view bytes);

}  // namespace tally
