// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// pingpong FIRST_CPU SECOND_CPU SECONDS
// Two processes, each bound to a CPU, wake each other through two pipes for so long, each time with
// one byte. Prints how many round trips they made: two wake-ups each.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

void bind_to(const char* cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(std::atoi(cpu)), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) {
        fail("sched_setaffinity");
    }
}

double now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: pingpong FIRST_CPU SECOND_CPU SECONDS\n");
        return 2;
    }
    int there[2];
    int back[2];
    if (::pipe(there) != 0 || ::pipe(back) != 0) {
        fail("pipe");
    }
    char byte = 'x';
    const pid_t child = ::fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::close(there[1]);
        ::close(back[0]);
        bind_to(argv[2]);
        while (::read(there[0], &byte, 1) == 1 && ::write(back[1], &byte, 1) == 1) {
        }
        std::_Exit(0);
    }
    ::close(there[0]);
    ::close(back[1]);
    bind_to(argv[1]);
    const double end = now() + std::atof(argv[3]);
    long trips = 0;
    do {
        if (::write(there[1], &byte, 1) != 1 || ::read(back[0], &byte, 1) != 1) {
            fail("pipe");
        }
        ++trips;
    } while (now() < end);
    ::close(there[1]);
    ::waitpid(child, nullptr, 0);
    std::printf("%ld\n", trips);
}
