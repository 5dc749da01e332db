// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/listing.h"
#include "output/format.h"
#include "output/output_file.h"

namespace tally {

/// Writes a listing: a table, or one JSON object for each row. Flushed when it returns. Throws as
/// OutputFile does.
void write_listing(Format format, const Listing& listing, OutputFile& out);

/// Writes the rows of a listing one by one, as they become known. Each is flushed.
class ListingStream {
  public:
    /// `listing` is without rows. Text begins with its headings, at once.
    ListingStream(Format format, Listing listing, OutputFile& out);

    void write(const Listing::Row& row);

  private:
    void write_line(const std::vector<std::string>& cells);

    Format format_;
    Listing listing_;
    OutputFile& out_;
    std::vector<std::size_t> widths_;  ///< of the widest cells so far
};

}  // namespace tally
