// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "output/writer.h"

namespace tally {

/// Writes comma-separated values, one heading for the whole stream: docs/output.md. What was lost
/// goes to `errors`, as in text.
std::unique_ptr<Writer> make_csv_writer(const TextOptions& options, OutputFile& out,
                                        OutputFile& errors);

/// Bytes from others as one cell. escape_text() makes them safe; they are in quotation marks where
/// RFC 4180 wants that, and where they are empty, since a cell without anything is null. What a
/// spreadsheet would take for a formula begins with the escape of its first character.
std::string csv_text(std::string_view bytes);

}  // namespace tally
