// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// tree KIND N [PID]
// Threads of a process tree, made in different ways, that sleep N times each under the name
// "napper". Each says on a line how often it was given a CPU meanwhile, by its own counters: at
// least so often, for a sleep that is over before it begins does not count.
//   alone     this thread
//   threads   three threads
//   children  three children
//   spawned   another program in a child of vfork's kind, which shares the memory until then
//   orphan    a grandchild whose parent has ended
//   exec      a thread that is not the first, which then executes another program and goes on
//   numbered  a child whose number is PID; then waits for the end of stdin
#include <linux/sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "workload.h"

namespace {

constexpr const char* kThisProgram = "/proc/self/exe";

long switches() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

void take_naps(long count) {
    ::prctl(PR_SET_NAME, "napper");
    long before = switches();
    while (switches() - before < count) {
        workload::nap();
    }
    // In one piece: the others write too.
    std::string line = std::to_string(switches() - before) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) {
        workload::fail("write");
    }
}

void wait_for_children() {
    while (::wait(nullptr) > 0) {
    }
}

void in_threads(long count) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back(take_naps, count);
    }
    for (std::thread& each : threads) {
        each.join();
    }
}

void in_children(long count) {
    for (int i = 0; i < 3; ++i) {
        workload::fork_child([&] { take_naps(count); });
    }
    wait_for_children();
}

void in_another_program(char** arguments) {
    pid_t child = 0;
    if (::posix_spawn(&child, kThisProgram, nullptr, nullptr, arguments, environ) != 0) {
        workload::fail("posix_spawn");
    }
    wait_for_children();
}

void in_an_orphan(long count) {
    int ends[2];
    if (::pipe(ends) != 0) {
        workload::fail("pipe");
    }
    workload::fork_child([&] {
        pid_t parent = ::getpid();
        if (::fork() == 0) {
            while (::getppid() == parent) {
                workload::nap();
            }
            take_naps(count);
        }
    });
    wait_for_children();
    ::close(ends[1]);
    workload::read_byte(ends[0]);  // nobody has the other end any more: the orphan has ended
}

void by_exec_of_a_thread(long count, char** arguments) {
    std::thread([&] {
        take_naps(count);
        ::execv(kThisProgram, arguments);
        workload::fail("execv");
    }).join();
}

void with_number(long count, pid_t number) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uintptr_t>(&number);
    arguments.set_tid_size = 1;
    long child = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (child < 0) {
        workload::fail("clone3");
    }
    if (child == 0) {
        take_naps(count);
        std::_Exit(0);
    }
    wait_for_children();
    workload::stay();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    const long count = workload::number(argc, argv, 2);
    char program[] = "tree";
    char alone[] = "alone";
    char* another[] = {program, alone, argv[2], nullptr};

    if (kind == "alone") {
        take_naps(count);
    } else if (kind == "threads") {
        in_threads(count);
    } else if (kind == "children") {
        in_children(count);
    } else if (kind == "spawned") {
        in_another_program(another);
    } else if (kind == "orphan") {
        in_an_orphan(count);
    } else if (kind == "exec") {
        by_exec_of_a_thread(count, another);
    } else if (kind == "numbered") {
        with_number(count, static_cast<pid_t>(workload::number(argc, argv, 3)));
    } else {
        return 2;
    }
}
