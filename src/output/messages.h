// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string_view>

namespace tally {

/// Prints a message for the user: one line on stderr, "tally: " and the text. The text may contain
/// bytes from others: they are made safe here, for all messages. Never fails: a problem with stderr
/// must not prevent the report.
void say(std::string_view text);

/// Whether the terminal supports UTF-8, by the locale. Elsewhere all text is ASCII.
bool locale_is_utf8();

}  // namespace tally
