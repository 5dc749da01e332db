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

/// A command that cannot be run. The exit status is that of env(1), nohup(1) and their kind:
/// `not_found`, or `cannot_run` if it is there.
class CommandError : public Error {
  public:
    CommandError(ExitStatus status, const std::string& sentence)
        : Error(sentence), status_(status) {}
    ExitStatus status() const override { return status_; }

  private:
    ExitStatus status_;
};

/// The program that a session starts and measures: `-- COMMAND ...`. What is started here is also
/// ended here: when the run is over before the command is, the command gets a signal and is waited
/// for, so that nothing goes on behind the shell's next prompt.
class Command {
  public:
    /// Looks for the program as execvp(3) does, so that one that is not there is said before
    /// anything else is done. Throws CommandError.
    explicit Command(std::vector<std::string> words);

    /// Whatever still runs of it gets SIGTERM: the session has failed.
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    /// Starts it, with signals as tally found them and its stdout on descriptor `output`.
    /// `before_exec` is called in the new process, which is still tally then. Returns when the
    /// program runs; throws CommandError if it does not.
    void start(int output, const std::function<void()>& before_exec);

    /// Its process, once it is started and until it is waited for; else -1.
    pid_t pid() const { return pid_; }

    /// A descriptor that is readable when the command has ended.
    int end() const { return end_.get(); }

    /// The run is over. A command that still runs is told: by the signal that ended the run, unless
    /// that came from the terminal, which has sent it to the command too; without one by SIGTERM.
    void stop(std::optional<TakenSignal> signal);

    /// Waits until it has ended. A signal, readable from `signals` later than a second from now
    /// (sooner, it is an echo of the one before), ends that: the command is left alone then. Its
    /// exit status, 128 + N if signal N has killed it; `ok` if it was ended by our SIGTERM or
    /// left alone.
    ExitStatus wait(int signals);

  private:
    bool has_ended(int timeout_ms) const;

    std::vector<std::string> words_;
    std::string program_;  ///< the file
    pid_t pid_ = -1;       ///< as long as it is not waited for
    FileDescriptor end_;
    bool ended_by_us_ = false;
};

}  // namespace tally
