// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

namespace tally {

/// What scripts can rely on of the command line of a tool, one a line: its options with their
/// values, what is refused, what is not. By running the program.
std::vector<std::string> command_line_facts(const std::string& tool);

/// The same of the program and of its commands that are no tools.
std::vector<std::string> program_facts();

}  // namespace tally
