// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <span>

#include "cli/command_line.h"
#include "cli/parser.h"
#include "session/request.h"

namespace tally {

/// Adds the options, selections and choices that the tools declare. One that several declare is one
/// option, for all of these. `tools` and `request`, with one TracerRequest for each, must outlive
/// the parser. Throws Error for one whose name is that of a common option, or of one of another
/// kind.
void add_own_options(Parser& parser, std::span<const ChosenTool> tools, Request& request);

}  // namespace tally
