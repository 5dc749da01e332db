// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <vector>

#include "session/request.h"
#include "util/file_descriptor.h"

namespace tally {

/// Why a Waiter returned, in the order in which that is decided.
enum class Wake {
    stop,     ///< a signal, the end of the duration, or nobody reads our output any more
    command,  ///< the command has ended
    tick,     ///< an interval is over
    again,    ///< the time is over that wait() was given
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
/// every end has its report; SIGHUP stays ignored under nohup(1). They stay blocked when it is
/// gone: sudo(8) passes a Ctrl-C on that the terminal has sent already, and the second one must not
/// cut the final report.
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

    /// What ended the session, if it was a signal.
    std::optional<TakenSignal> taken_signal() const { return taken_; }

    /// Readable when a signal is there that wait() has not returned for.
    int signals() const { return signals_.get(); }

    /// Takes a signal that came while output was waited for; wait() returns for it, if it was the
    /// first. Whether it is to end that waiting: the first does if the session is `ending` anyway,
    /// a further one if it came later than a second after it (timeout(1) sends its own twice).
    bool is_last_word(bool ending);

    /// Blocks until something happens, at most until `again`. If there is more than one thing, it
    /// is the first one in the order of Wake. Ticks that nobody waited for are one.
    Wake wait(std::optional<std::chrono::steady_clock::time_point> again);

    /// Those of the descriptors that wait() has returned for that are readable: none of them may
    /// keep another one waiting.
    const std::vector<int>& readable() const { return readable_; }

  private:
    struct Watched {
        int fd = -1;
        Wake wake = Wake::stop;
        short events = 0;  ///< as poll(2) takes them
    };

    void take_signals();
    /// Whether anything watched for `wake` has happened, by the last look.
    bool find_readable(Wake wake);

    std::vector<Watched> watched_;
    std::vector<pollfd> files_;  ///< one for each of them
    std::vector<int> readable_;
    std::optional<TakenSignal> taken_;
    std::chrono::steady_clock::time_point taken_at_;
    FileDescriptor signals_;
    FileDescriptor interval_;
    FileDescriptor duration_;
};

}  // namespace tally
