// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The commands that run and list tools: `tally TOOL[,TOOL]`, `tally run FILE`, `tally list`.
#pragma once

#include <string>
#include <vector>

#include "cli/completion.h"
#include "util/error.h"

namespace tally {

/// `tally NAME[,NAME] ARGUMENT...`: runs these tools together. Throws UsageError for a name that no
/// tool has, which suggests the nearest of the tools and of `commands`.
ExitStatus run_tools(const std::string& names, const std::vector<std::string>& arguments,
                     std::vector<std::string> commands = {});

/// `tally run FILE ARGUMENT...`
ExitStatus run_file(const std::vector<std::string>& arguments);

/// `tally list`, which takes no arguments.
ExitStatus list_tools(const std::vector<std::string>& arguments);

/// The tools as completion offers them.
std::vector<Candidate> tool_candidates();

}  // namespace tally
