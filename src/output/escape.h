// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

namespace tally {

/// Bytes from others, made safe for a terminal and for CSV: control characters (C0, DEL, C1),
/// bidirectional and other invisible format characters, line and paragraph separators become
/// \xNN (up to U+00FF) or \uNNNN, bytes that are no UTF-8 become \xNN, a backslash is doubled.
/// Everything else is kept. The result is printable UTF-8 on one line.
std::string escape_text(std::string_view bytes);

/// Bytes from others as valid UTF-8 for a JSON string that is yet to be quoted: an invalid byte
/// becomes the text \xNN, a backslash in the input stays single, everything else is kept (JSON has
/// its own escapes for control characters).
std::string to_valid_utf8(std::string_view bytes);

/// The number of terminal columns that valid UTF-8 text takes: 0 for combining marks, 2 for wide
/// East Asian characters and emoji.
std::size_t display_width(std::string_view text);

}  // namespace tally
