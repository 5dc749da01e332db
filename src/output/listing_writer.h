// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include "model/listing.h"
#include "output/output_file.h"
#include "output/writer.h"

namespace tally {

/// Writes a listing: a table, or one JSON object for each row. Flushed when it returns. Throws as
/// OutputFile does.
void write_listing(Format format, const Listing& listing, OutputFile& out);

}  // namespace tally
