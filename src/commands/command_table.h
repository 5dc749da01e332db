// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The commands of tally besides its tools: one row for each, which the usage text, completion and
// the program (commands/program.h) read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/completion.h"
#include "util/error.h"

namespace tally {

/// One word that may follow `tally`.
struct CommandRow {
    CommandWords words;
    ExitStatus (*run)(const std::vector<std::string>& arguments);  ///< those after the word

    static constexpr std::size_t kAnyNumber = SIZE_MAX;
    std::size_t most_arguments = kAnyNumber;

    bool has_help = false;  ///< `tally help WORD` is `tally WORD --help`
    bool is_listed = true;  ///< in the usage text and in completion
};

/// All commands, in the order in which they are listed.
std::span<const CommandRow> all_commands();

/// A command by its word; null if there is none.
const CommandRow* find_command(std::string_view word);

/// What `tally help` prints.
std::string usage();

}  // namespace tally
