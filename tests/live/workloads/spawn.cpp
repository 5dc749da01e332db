// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// spawn threads N | spawn processes N
// N short lives, each sleeping once. Says as JSON how often the dead were given a CPU, by their
// context-switch counters, and how many had the thread number of one that lived before.
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "workload.h"

namespace {

struct Result {
    long waits = 0;
    long reused = 0;
};

long switches(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/// A thread adds its counters to the process's before its last switch away, so that each dead one
/// has been given a CPU once more often than they say.
Result spawn_threads(long count) {
    constexpr long kAtOnce = 50;
    for (long begun = 0; begun < count; begun += kAtOnce) {
        std::vector<std::thread> threads;
        for (long i = 0; i < std::min(kAtOnce, count - begun); ++i) {
            threads.emplace_back(workload::nap);
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    // Joined is not quite dead. What is left is the main thread, which may be preempted between
    // the two readings: then they do not fit together.
    ::usleep(50'000);
    for (;;) {
        long before = switches(RUSAGE_THREAD);
        long all = switches(RUSAGE_SELF);
        if (switches(RUSAGE_THREAD) == before) {
            return {.waits = all - before + count};
        }
    }
}

/// fork(), with a number of our choice inside (`inner`) and outside (`outer`) the container's pid
/// namespace; with any number if those are taken. True: they are ours.
bool fork_numbered(pid_t inner, pid_t outer, pid_t* child) {
    pid_t numbers[] = {inner, outer};
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uintptr_t>(numbers);
    arguments.set_tid_size = 2;
    long got = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    bool ours = got >= 0;
    if (!ours) {
        arguments.set_tid = 0;
        arguments.set_tid_size = 0;
        got = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    }
    if (got < 0) {
        workload::fail("clone3");
    }
    *child = static_cast<pid_t>(got);
    return ours;
}

/// The same numbers over and over. A child stays a zombie until its last switch away is over and
/// counted: then its counters say exactly how often it was given a CPU.
Result spawn_processes(long count) {
    constexpr long kAtOnce = 200;
    constexpr pid_t kFirstInner = 1'000;
    constexpr pid_t kFirstOuter = 31'000;  // below the smallest pid_max there is by default, 32,768
    Result result;
    // Process 1 of a container has had other children, before it became this program.
    long before = switches(RUSAGE_CHILDREN);
    for (long begun = 0; begun < count; begun += kAtOnce) {
        std::vector<pid_t> children;
        for (pid_t i = 0; i < std::min(kAtOnce, count - begun); ++i) {
            pid_t child = 0;
            bool numbered = fork_numbered(kFirstInner + i, kFirstOuter + i, &child);
            if (child == 0) {
                workload::nap();
                std::_Exit(0);
            }
            children.push_back(child);
            result.reused += numbered && begun > 0 ? 1 : 0;
        }
        for (pid_t child : children) {
            siginfo_t info{};
            ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
        }
        ::usleep(50'000);
        while (::wait(nullptr) > 0) {
        }
    }
    result.waits = switches(RUSAGE_CHILDREN) - before;
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    long count = workload::number(argc, argv, 2);
    workload::wait_for_go();
    Result result =
        std::strcmp(argv[1], "threads") == 0 ? spawn_threads(count) : spawn_processes(count);
    std::printf("{\"waits\": %ld, \"reused\": %ld}\n", result.waits, result.reused);
    std::fflush(stdout);
    workload::stay();
}
