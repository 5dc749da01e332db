// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>

#include "output/format.h"
#include "output/output_file.h"
#include "output/sink.h"

namespace tally {

/// Writes for people: data to `out`, losses to `errors`.
std::unique_ptr<Sink> make_text_sink(const TextOptions& options, OutputFile& out,
                                     OutputFile& errors);

}  // namespace tally
