// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <optional>

#include "session/request.h"
#include "util/file_descriptor.h"

namespace tally {

/// Why a Waiter returned.
enum class Wake {
    tick,     ///< an interval is over
    command,  ///< the command has ended
    events,   ///< the descriptor of the tracer's events is readable
    cgroups,  ///< the descriptor of cgroup events is readable
    again,    ///< the time is over that wait() was given
    stop,     ///< a signal, the end of the duration, or nobody reads our output any more
};

/// The signal that has ended a session.
struct TakenSignal {
    int number = 0;
    bool from_terminal = false;  ///< sent by the kernel, to all processes in the foreground
};

/// Waits for everything that can happen to a session. While it exists, SIGINT, SIGTERM and SIGHUP
/// end the session instead of the process, so that every end has its report; SIGHUP stays ignored
/// under nohup(1). They stay blocked when it is gone: sudo(8) passes a Ctrl-C on that the terminal
/// has sent already, and the second one must not cut the final report.
class Waiter {
  public:
    /// From now on the signals are caught. `output` is watched for a reader that goes away.
    explicit Waiter(int output);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Starts the clocks: a tick every `interval`, stop after `duration`.
    void start(std::optional<Seconds> interval, std::optional<Seconds> duration);

    /// From now on the end of a process is waited for too, by its pidfd.
    void watch(int command) { command_ = command; }

    /// What ended the session, if it was a signal.
    std::optional<TakenSignal> taken_signal() const { return taken_; }

    /// Readable when a signal is there that wait() has not returned for.
    int signals() const { return signals_.get(); }

    /// Takes a signal that came while output was waited for; wait() returns for it, if it was the
    /// first. Whether it is to end that waiting: the first does if the session is `ending` anyway,
    /// a further one if it came later than a second after it (timeout(1) sends its own twice).
    bool is_last_word(bool ending);

    /// Blocks until something happens, at most until `again`; `events` and `cgroups` may be -1. A
    /// stop is returned before all else, the command's end before a tick.
    Wake wait(int events, int cgroups, std::optional<std::chrono::steady_clock::time_point> again);

  private:
    void take_signals();

    int output_;
    int command_ = -1;
    std::optional<TakenSignal> taken_;
    std::chrono::steady_clock::time_point taken_at_;
    FileDescriptor signals_;
    FileDescriptor interval_;
    FileDescriptor duration_;
};

}  // namespace tally
