// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// tests/golden/NAME.txt: what scripts rely on, as it was agreed to be, one fact a line.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace tally {

/// Fails, with the difference, where tests/golden/NAME.txt does not have these lines. With
/// TALLY_GOLDEN=write it is written instead.
void expect_golden(const std::string& name, const std::vector<std::string>& lines);

/// The names for which there is a file.
std::set<std::string> golden_names();

/// For people: the command that writes the files anew.
std::string how_to_write_golden_files();

}  // namespace tally
