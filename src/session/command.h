// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "session/waiter.h"
#include "util/error.h"
#include "util/file_descriptor.h"

namespace tally {

/// A command that cannot be run. Exit statuses are those of env(1), nohup(1) and the like:
/// `not_found`, or `cannot_run` if the file exists.
class CommandError : public Error {
  public:
    CommandError(ExitStatus status, const std::string& sentence)
        : Error(sentence), status_(status) {}
    ExitStatus status() const override { return status_; }

  private:
    ExitStatus status_;
};

/// The program that a session starts and measures: `-- COMMAND ...`. What is started here is also
/// ended here: if the run ends before the command, the command gets a signal and is waited for, so
/// that nothing continues behind the shell's next prompt.
class Command {
  public:
    /// Finds the program as execvp(3) does, so that a missing one is reported before anything else
    /// is done. Throws CommandError.
    explicit Command(std::vector<std::string> words);

    /// If the command still runs, sends it SIGTERM: the session has failed.
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    /// Starts it, with signals as tally found them and its stdout on descriptor `output`.
    /// `before_exec` is called in the child, before its exec. Returns once the program runs; throws
    /// CommandError if it does not.
    void start(int output, const std::function<void()>& before_exec);

    /// Its process id, from start() until it has been waited for; else -1.
    pid_t pid() const { return pid_; }

    /// A descriptor that is readable when the command has ended.
    int end() const { return end_.get(); }

    /// The run is over: ends a command that still runs, by the signal that ended the run (unless
    /// that came from the terminal, which has sent it to the command too), or by SIGTERM if no
    /// signal did.
    void stop(std::optional<TakenSignal> signal);

    /// Waits until it has ended. A signal that is readable from `signals` later than a second from
    /// now (an earlier one is an echo of the one before) ends the wait and leaves the command
    /// running. Returns its exit status, 128 + N if signal N killed it; `ok` if our SIGTERM ended
    /// it or it was left running.
    ExitStatus wait(int signals);

  private:
    bool has_ended(int timeout_ms) const;

    std::vector<std::string> words_;
    std::string program_;  ///< the file
    pid_t pid_ = -1;       ///< until it has been waited for
    FileDescriptor end_;
    bool ended_by_us_ = false;
};

}  // namespace tally
