// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>

#include "output/writer.h"

namespace tally {

/// Writes one JSON object per line: docs/output.md.
std::unique_ptr<Writer> make_json_writer(OutputFile& out);

}  // namespace tally
