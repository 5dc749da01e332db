// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cli/command_line.h"
#include "cli/parser.h"
#include "session/request.h"

namespace tally {

/// Adds the options, selections and choices that the tools declare. Those of one name become one
/// option, for all tools that declare it. An option that applies only to events is refused if none
/// of its tools reports events; `measuring`: the indices of the tools that do not. `tools` and
/// `request`, with one TracerRequest for each, must outlive the parser. Throws Error if a name is
/// also that of a common option, or of an option of another kind.
void add_own_options(Parser& parser, std::span<const ChosenTool> tools,
                     const std::vector<std::size_t>& measuring, Request& request);

}  // namespace tally
