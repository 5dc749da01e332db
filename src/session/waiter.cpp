// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/waiter.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
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

Waiter::Waiter() {
    sigset_t wanted;
    sigemptyset(&wanted);
    // A shell starts background jobs with SIGINT ignored; `kill -INT` should still give the report.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);  // write(2) reports a closed pipe
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
    watch(signals_.get(), Wake::stop);
}

void Waiter::watch(int fd, Wake wake) {
    watched_.push_back({fd, wake, POLLIN});
}

void Waiter::watch_output(int fd) {
    // A pipe without a reader has POLLERR, a socket or a terminal POLLHUP: poll(2) reports both
    // unasked.
    watched_.push_back({fd, Wake::stop, 0});
}

void Waiter::start(std::optional<Seconds> interval, std::optional<Seconds> duration) {
    if (interval) {
        interval_ = make_timer(*interval, *interval);
        watch(interval_.get(), Wake::tick);
    }
    if (duration) {
        duration_ = make_timer(*duration, Seconds(0));
        watch(duration_.get(), Wake::stop);
    }
}

/// Reads all pending signals, so that a further one is noticed: it ends the wait for a reader that
/// no longer reads.
void Waiter::take_signals() {
    signalfd_siginfo taken;
    while (::read(signals_.get(), &taken, sizeof taken) > 0) {
        if (!taken_) {
            taken_ = {static_cast<int>(taken.ssi_signo), taken.ssi_code == SI_KERNEL};
            taken_at_ = std::chrono::steady_clock::now();
        }
    }
}

bool Waiter::ends_waiting_for_output(bool ending) {
    constexpr std::chrono::seconds kEcho{1};
    const bool is_first = !taken_;
    const bool is_echo = taken_ && std::chrono::steady_clock::now() - taken_at_ < kEcho;
    take_signals();
    return is_first ? ending : !is_echo;
}

bool Waiter::find_readable(Wake wake) {
    readable_.clear();
    for (std::size_t i = 0; i < watched_.size(); ++i) {
        if (watched_[i].wake == wake && files_[i].revents != 0) {
            readable_.push_back(watched_[i].fd);
        }
    }
    return !readable_.empty();
}

Wake Waiter::wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
    using std::chrono::milliseconds;
    using Clock = std::chrono::steady_clock;
    if (taken_) {
        return Wake::stop;
    }
    for (;;) {
        int timeout = -1;
        if (deadline) {
            const auto left = *deadline - Clock::now();
            timeout = static_cast<int>(
                std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left)).count());
        }
        files_.clear();
        for (const Watched& each : watched_) {
            files_.push_back({each.fd, each.events, 0});
        }
        if (::poll(files_.data(), files_.size(), timeout) < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw Error("cannot wait: {}", std::strerror(errno));
        }
        if (find_readable(Wake::stop)) {
            take_signals();
            return Wake::stop;
        }
        if (find_readable(Wake::command)) {
            return Wake::command;
        }
        if (find_readable(Wake::tick)) {
            // Ticks missed because of a slow reader of the report are not made up for.
            std::uint64_t ticks = 0;
            if (::read(interval_.get(), &ticks, sizeof ticks) == sizeof ticks) {
                return Wake::tick;
            }
        }
        // Before the events of cgroups and of tracers, which may come without a pause.
        if (deadline && *deadline <= Clock::now()) {
            return Wake::look;
        }
        for (const Wake wake : {Wake::events, Wake::cgroups}) {
            if (find_readable(wake)) {
                return wake;
            }
        }
    }
}

}  // namespace tally
