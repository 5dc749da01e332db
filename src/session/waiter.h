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
    cgroups,  ///< the descriptor of cgroup events is readable
    again,    ///< the time is over that wait() was given
    stop,     ///< a signal, the end of the duration, or nobody reads our output any more
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

    /// Readable when a signal is there that wait() has not returned for.
    int signals() const { return signals_.get(); }

    /// Blocks until something happens, at most until `again`; `cgroups` may be -1. A stop is
    /// returned before a tick.
    Wake wait(int cgroups, std::optional<std::chrono::steady_clock::time_point> again);

  private:
    int output_;
    FileDescriptor signals_;
    FileDescriptor interval_;
    FileDescriptor duration_;
};

}  // namespace tally
