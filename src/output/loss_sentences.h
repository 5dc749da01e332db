// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

#include "model/record.h"
#include "output/format.h"

namespace tally {

/// The sentence about a loss on stderr, for formats without a record for it: safe for the terminal,
/// without the end of the line.
std::string lost_sentence(const LostRecord& lost, const TextOptions& options);

/// The same at the end of the run: what had begun before it, and all losses; may be empty.
std::vector<std::string> end_sentences(const EndRecord& end, const TextOptions& options);

}  // namespace tally
