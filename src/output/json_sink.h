// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>

#include "output/output_file.h"
#include "output/sink.h"

namespace tally {

/// Writes one JSON object per line: docs/output.md.
std::unique_ptr<Sink> make_json_sink(OutputFile& out);

}  // namespace tally
