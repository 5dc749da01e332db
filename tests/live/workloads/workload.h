// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What the workloads share. All of them wait for one byte on stdin before they begin, so that a
// test can have its tracer attached by then, and stay alive and asleep when they are done, so that
// it can read their counters in /proc: the truth that tally is compared with.
#pragma once

#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace workload {

[[noreturn]] inline void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

/// Reads one byte. False: nobody has the other end any more.
inline bool read_byte(int fd) {
    char byte = 0;
    ssize_t got = ::read(fd, &byte, 1);
    if (got < 0) {
        fail("read");
    }
    return got == 1;
}

inline void write_byte(int fd) {
    if (::write(fd, "x", 1) != 1) {
        fail("write");
    }
}

inline void wait_for_go() {
    if (!read_byte(STDIN_FILENO)) {
        std::_Exit(0);
    }
}

/// Asleep until the test closes our stdin.
[[noreturn]] inline void stay() {
    while (read_byte(STDIN_FILENO)) {
    }
    std::_Exit(0);
}

/// The shortest sleep there is, so one wake-up.
inline void nap() {
    ::usleep(1);
}

/// A child process that does not outlive its parent.
template <typename Body>
void fork_child(Body body) {
    pid_t child = ::fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        std::_Exit(0);
    }
}

/// The argument at `index` as a number.
inline long number(int argc, char** argv, int index) {
    if (index >= argc) {
        std::fprintf(stderr, "%s: argument %d is missing\n", argv[0], index);
        std::_Exit(2);
    }
    return std::atol(argv[index]);
}

}  // namespace workload
