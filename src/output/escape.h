// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

#include "model/event.h"

namespace tally {

/// Bytes from others, made safe for a terminal and for CSV. The result is valid UTF-8 that is
/// visible, on one line, and from which the bytes can be told again:
///   \xNN          control characters (C0, DEL), and bytes that are no UTF-8
///   \uNNNN, or \UNNNNNNNN above U+FFFF
///                 what is a character but not visible: C1 control characters, bidirectional
///                 controls, zero width and other format characters, line and paragraph separators,
///                 variation selectors, tags, fillers, noncharacters
///   \\            a backslash
/// Everything else is kept.
std::string escape_text(std::string_view bytes);

/// The same for a terminal that does not read UTF-8: everything beyond ASCII is escaped too. (To
/// such a terminal, the last byte of a harmless letter may be a control character.)
std::string escape_ascii(std::string_view bytes);

/// Bytes from others as valid UTF-8 for a JSON string that is not quoted yet: an invalid byte
/// becomes the text \xNN, a backslash in the input stays single, everything else is kept (JSON has
/// its own escapes for control characters).
std::string to_valid_utf8(std::string_view bytes);

/// A JSON string with its quotation marks. Whatever escape_text() would escape has JSON's own
/// escape, so that a line of JSON is safe for a terminal too.
std::string json_string(std::string_view bytes);

/// Words as one text from which they can be restored: words with a blank or a quotation mark, and
/// empty ones, are in quotation marks, the others are not. Each is escaped by escape_text() or,
/// with `ascii_only`, escape_ascii(), but a quotation mark in it becomes \x22.
std::string escape_words(const Words& words, bool ascii_only);

/// The number of terminal columns that valid UTF-8 text takes: 0 for combining marks, 2 for wide
/// East Asian characters and emoji. Where terminals differ, the larger.
std::size_t display_width(std::string_view text);

}  // namespace tally
