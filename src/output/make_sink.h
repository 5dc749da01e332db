// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>

#include "output/format.h"
#include "output/output_file.h"
#include "output/sink.h"

namespace tally {

/// `out` and `errors` must outlive it. `errors` gets the messages of text and CSV beside
/// the data.
std::unique_ptr<Sink> make_sink(Format format, const TextOptions& options, OutputFile& out,
                                OutputFile& errors);

}  // namespace tally
