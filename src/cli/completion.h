// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What a shell may offer when TAB is pressed. The shells ask the program itself
// (packaging/tally.bash, packaging/_tally), so a new tool or option needs no line there. They run
//
//   tally __complete WORD... CURRENT    the words typed so far, without `tally`; CURRENT, which
//                                       may be empty, is the one to complete
//
// and read a line for each word that fits, with a tab and a short description; or instead, one
// line that names what the shell completes by itself: ":files", ":directories", or ":command"
// (everything after `--`). If nothing is written, nothing fits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

inline constexpr std::string_view kComplete = "__complete";

/// One word that may be offered.
struct Candidate {
    std::string word;
    std::string description;
};

/// A command as completion sees it.
struct CommandWords {
    std::string word;
    std::vector<std::string> operands;  ///< "FILE", "[TOOL]"
    std::string description;
};

/// An option as completion sees it.
struct OptionWords {
    std::vector<std::string> names;  ///< as typed: "-o", "--output"
    std::string value;               ///< what the help calls it: "FILE"; empty: takes none
    std::vector<std::string> choices;
    bool takes_list = false;  ///< several choices, with commas
    std::string description;
};

/// Completes the arguments of a tool or command. Values that the help calls FILE or PATH are left
/// to the shell, CALL is a system call, SIGNAL a signal, CONTAINER a running container (none
/// without the right to look).
std::string complete_arguments(const std::vector<OptionWords>& options,
                               std::span<const std::string> words);

/// Completes the words after `tally` as far as they name what to run: a command with its operands,
/// FILE or [TOOL], or a tool. If the rest is up to the command itself, returns nothing and makes
/// `words` the command line to ask for it: "runqlat", "__complete", "--by", "".
std::optional<std::string> complete_command(std::span<const CommandWords> commands,
                                            const std::vector<Candidate>& tools,
                                            std::vector<std::string>& words);

}  // namespace tally
