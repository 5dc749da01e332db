// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

namespace tally {

/// What came of a command line.
struct Outcome {
    int status = 0;  ///< the exit status; -1: it was killed
    std::string out;
    std::string errors;
};

/// Runs `tally ARGUMENTS...` without the right to trace, even as root: what is not refused for its
/// command line fails for that.
Outcome run_program(const std::vector<std::string>& arguments);

/// Words between blanks.
std::vector<std::string> words_of(const std::string& line);

}  // namespace tally
