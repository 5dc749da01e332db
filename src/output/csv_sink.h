// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "output/format.h"
#include "output/output_file.h"
#include "output/sink.h"

namespace tally {

/// Writes comma-separated values, one heading for the whole stream: docs/output.md. Losses go to
/// `errors`, as in text.
std::unique_ptr<Sink> make_csv_sink(const TextOptions& options, OutputFile& out,
                                    OutputFile& errors);

/// Bytes from others as one cell. escape_text() makes them safe; they are quoted where RFC 4180
/// requires it, and where they are empty, since an empty cell is null. The first character of a
/// cell that a spreadsheet would take for a formula is escaped.
std::string csv_text(std::string_view bytes);

}  // namespace tally
