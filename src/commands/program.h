// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/error.h"

namespace tally {

/// Does what a command line asks for: `tally TOOL ...`, `tally COMMAND ...`, or `tally-TOOL ...` by
/// a link of that name. `program` is argv[0]. Throws UsageError, Error, and ClosedPipe.
ExitStatus run_program(std::string_view program, std::vector<std::string> arguments);

}  // namespace tally
