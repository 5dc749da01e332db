// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The files of tests/golden: what was agreed on, so that a change of it is a difference to be read.
#pragma once

#include <set>
#include <string>

namespace tally {

/// Fails, with the difference, where tests/golden/FILE does not have this content. With
/// TALLY_GOLDEN=write it is written instead.
void expect_golden(const std::string& file, const std::string& found);

/// The names of the files in tests/golden/BELOW, or in tests/golden itself.
std::set<std::string> golden_files(const std::string& below);

/// For people: the command that writes the files anew.
std::string how_to_write_golden_files();

}  // namespace tally
