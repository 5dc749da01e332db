// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <vector>

#include "session/request.h"
#include "util/file_descriptor.h"

namespace tally {

/// Why a Waiter returned, in order of priority.
enum class Wake {
    stop,     ///< a signal, the end of the duration, or nobody reads our output any more
    command,  ///< the command has ended
    tick,     ///< an interval is over
    look,     ///< the deadline passed to wait() has expired
    events,   ///< events of tracers can be read
    cgroups,  ///< events of cgroups can be read
};

/// The signal that has ended a session.
struct TakenSignal {
    int number = 0;
    bool from_terminal = false;  ///< sent by the kernel, to all processes in the foreground
};

/// Waits for everything that can happen to a session: any number of descriptors, signals, clocks.
/// While it exists, SIGINT, SIGTERM and SIGHUP end the session instead of the process, so that
/// every run ends with its report; SIGHUP stays ignored under nohup(1). They stay blocked after its
/// destruction: sudo(8) forwards a Ctrl-C that the terminal has already sent, and the second one
/// must not cut off the final report.
class Waiter {
  public:
    /// From now on the signals are caught.
    Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// From now on wait() returns `wake` when `fd` is readable. It must stay open.
    void watch(int fd, Wake wake);

    /// From now on wait() returns Wake::stop when the reader of this output has gone.
    void watch_output(int fd);

    /// Starts the clocks: a tick every `interval`, stop after `duration`.
    void start(std::optional<Seconds> interval, std::optional<Seconds> duration);

    /// The signal that ended the session, if one did.
    std::optional<TakenSignal> taken_signal() const { return taken_; }

    /// Readable when there is a signal for which wait() has not returned.
    int signals() const { return signals_.get(); }

    /// Takes a signal that came while waiting for output to be read; if it was the first, wait()
    /// will return for it. Returns whether it should end that wait: the first does if the session
    /// is `ending` anyway, a further one if it comes more than a second after it (timeout(1) sends
    /// its own twice).
    bool ends_waiting_for_output(bool ending);

    /// Blocks until something happens, at most until `deadline`. If there are several things,
    /// returns the first in the order of Wake. Several missed ticks count as one.
    Wake wait(std::optional<std::chrono::steady_clock::time_point> deadline);

    /// The readable ones among the descriptors for which wait() has returned: all of them, so that
    /// none keeps another one waiting.
    const std::vector<int>& readable() const { return readable_; }

  private:
    struct Watched {
        int fd = -1;
        Wake wake = Wake::stop;
        short events = 0;  ///< as poll(2) takes them
    };

    void take_signals();
    /// Finds the descriptors watched for `wake` that the last poll(2) reported. False: none.
    bool find_readable(Wake wake);

    std::vector<Watched> watched_;
    std::vector<pollfd> files_;  ///< one for each of watched_
    std::vector<int> readable_;
    std::optional<TakenSignal> taken_;
    std::chrono::steady_clock::time_point taken_at_;
    FileDescriptor signals_;
    FileDescriptor interval_;
    FileDescriptor duration_;
};

}  // namespace tally
