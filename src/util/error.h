// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace tally {

/// How the process ends. Scripts rely on these numbers (docs/output.md).
enum class ExitStatus : int {
    ok = 0,
    failed = 1,        ///< something outside the command line went wrong, a full disk too
    usage = 2,         ///< the command line is wrong, or names a target that does not exist
    lost = 3,          ///< --strict, and something was not counted
    cannot_run = 126,  ///< COMMAND is there, and cannot be run
    not_found = 127,   ///< there is no COMMAND
    // Any other number is what COMMAND has ended with.
};

/// A failure, told to the user as it is: one sentence that says what is wrong and what to do.
/// main() prints what() after "tally: " and exits with `failed`.
class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& sentence) : std::runtime_error(sentence) {}
    template <typename... Args>
    explicit Error(fmt::format_string<Args...> format, Args&&... args)
        : std::runtime_error(fmt::vformat(format, fmt::make_format_args(args...))) {}

    virtual ExitStatus status() const { return ExitStatus::failed; }
};

/// The same for a command line that cannot be meant: exit status `usage`.
class UsageError : public Error {
  public:
    using Error::Error;
    ExitStatus status() const override { return ExitStatus::usage; }
};

}  // namespace tally
