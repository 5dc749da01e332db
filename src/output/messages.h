// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string_view>

namespace tally {

/// Tells the user something beside the data: one line on stderr, "tally: " and the text. The text
/// may hold bytes from others: this is where they are made safe, for all messages. Never fails:
/// nothing that happens to stderr may cost the report.
void say(std::string_view text);

/// Whether the terminal understands UTF-8, by the locale. Elsewhere all text is ASCII.
bool locale_is_utf8();

}  // namespace tally
