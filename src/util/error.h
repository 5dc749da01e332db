// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace tally {

/// How the process ends. Scripts rely on these numbers (docs/output.md).
enum class ExitStatus : int {
    ok = 0,
    failed = 1,        ///< any failure other than of the command line, e.g. a full disk
    usage = 2,         ///< the command line is wrong, or names a target that does not exist
    lost = 3,          ///< --strict, and something was not counted
    cannot_run = 126,  ///< COMMAND exists, but cannot be run
    not_found = 127,   ///< COMMAND does not exist
    // Any other number is COMMAND's exit status.
};

/// A failure, with its message for the user: one sentence that says what is wrong and what to do.
/// main() prints what() after "tally: " and exits with `failed`.
class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& sentence) : std::runtime_error(sentence) {}
    template <typename... Args>
    explicit Error(fmt::format_string<Args...> format, Args&&... args)
        : std::runtime_error(fmt::vformat(format, fmt::make_format_args(args...))) {}

    virtual ExitStatus status() const { return ExitStatus::failed; }
};

/// The same for an invalid command line: exit status `usage`.
class UsageError : public Error {
  public:
    using Error::Error;
    ExitStatus status() const override { return ExitStatus::usage; }
};

}  // namespace tally
