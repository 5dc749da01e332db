// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

#include "model/record.h"
#include "output/writer.h"

namespace tally {

/// What formats that have no record for it say on stderr, safe for the terminal, without the end of
/// the line: something was lost.
std::string lost_sentence(const LostRecord& lost, const TextOptions& options);

/// The same at the end of the run: what had begun before it, and all that was lost; perhaps
/// nothing.
std::vector<std::string> end_sentences(const EndRecord& end, const TextOptions& options);

}  // namespace tally
