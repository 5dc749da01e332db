// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/waiter.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>

#include "util/error.h"

namespace tally {
namespace {

timespec to_timespec(Seconds seconds) {
    const double whole = std::floor(seconds.count());
    return {static_cast<time_t>(whole),
            static_cast<long>((seconds.count() - whole) * 1'000'000'000)};
}

FileDescriptor make_timer(Seconds first, Seconds period) {
    FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec when{to_timespec(period), to_timespec(first)};
    if (!timer || ::timerfd_settime(timer.get(), 0, &when, nullptr) != 0) {
        throw Error("cannot create a timer: {}", std::strerror(errno));
    }
    return timer;
}

}  // namespace

Waiter::Waiter(int output) : output_(output) {
    sigset_t wanted;
    sigemptyset(&wanted);
    // A shell starts background jobs with SIGINT ignored; `kill -INT` should still give the report.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is told by write(2)
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    struct sigaction hangup {};
    ::sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) {
        sigaddset(&wanted, SIGHUP);
    }
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    signals_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) {
        throw Error("cannot wait for signals: {}", std::strerror(errno));
    }
}

void Waiter::start(std::optional<Seconds> interval, std::optional<Seconds> duration) {
    if (interval) {
        interval_ = make_timer(*interval, *interval);
    }
    if (duration) {
        duration_ = make_timer(*duration, Seconds(0));
    }
}

/// So that one more signal is news: it ends waiting for a reader that reads no more.
void Waiter::take_signals() {
    signalfd_siginfo taken;
    while (::read(signals_.get(), &taken, sizeof taken) > 0) {
        if (!taken_) {
            taken_ = {static_cast<int>(taken.ssi_signo), taken.ssi_code == SI_KERNEL};
            taken_at_ = std::chrono::steady_clock::now();
        }
    }
}

bool Waiter::is_last_word(bool ending) {
    constexpr std::chrono::seconds kEcho{1};
    const bool is_first = !taken_;
    const bool is_echo = taken_ && std::chrono::steady_clock::now() - taken_at_ < kEcho;
    take_signals();
    return is_first ? ending : !is_echo;
}

Wake Waiter::wait(int events, int cgroups,
                  std::optional<std::chrono::steady_clock::time_point> again) {
    using std::chrono::milliseconds;
    if (taken_) {
        return Wake::stop;
    }
    for (;;) {
        int timeout = -1;
        if (again) {
            const auto left = *again - std::chrono::steady_clock::now();
            timeout = static_cast<int>(
                std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left)).count());
        }
        std::array<pollfd, 7> files{{{signals_.get(), POLLIN, 0},
                                     {duration_.get(), POLLIN, 0},
                                     {output_, 0, 0},
                                     {interval_.get(), POLLIN, 0},
                                     {cgroups, POLLIN, 0},
                                     {command_, POLLIN, 0},
                                     {events, POLLIN, 0}}};
        const int ready = ::poll(files.data(), files.size(), timeout);
        if (ready == 0) {
            return Wake::again;
        }
        if (ready < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw Error("cannot wait: {}", std::strerror(errno));
        }
        // A pipe whose reader has gone has POLLERR, a socket or a terminal POLLHUP.
        if ((files[0].revents | files[1].revents | files[2].revents) != 0) {
            take_signals();
            return Wake::stop;
        }
        if (files[5].revents != 0) {
            return Wake::command;
        }
        if ((files[3].revents & POLLIN) != 0) {
            // Ticks that a slow reader of the report has cost are not made up for.
            std::uint64_t ticks = 0;
            if (::read(interval_.get(), &ticks, sizeof ticks) == sizeof ticks) {
                return Wake::tick;
            }
        }
        if (files[6].revents != 0) {
            return Wake::events;
        }
        if (files[4].revents != 0) {
            // Where cgroups come and go without a pause, a look is due all the same.
            const bool is_due = again && *again <= std::chrono::steady_clock::now();
            return is_due ? Wake::again : Wake::cgroups;
        }
    }
}

}  // namespace tally
