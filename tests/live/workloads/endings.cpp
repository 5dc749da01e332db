// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// endings processes N   N children, one after the other, that end in different ways after using
// some
//                       memory and CPU time; says of each what wait4(2) does, and how long it took
// endings threads N     one child of N threads, the first of which ends before the others; likewise
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstring>
#include <ctime>
#include <string>

#include "workload.h"

namespace {

long now_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

/// Not by asking for the CPU time: the kernel would bring that up to date.
void use_cpu(long microseconds) {
    const long end = now_microseconds() + microseconds;
    while (now_microseconds() < end) {
    }
}

[[noreturn]] void live(long number) {
    const std::size_t size = static_cast<std::size_t>(number % 13) << 20;
    if (size != 0) {
        void* room =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        std::memset(room, 1, size);
        ::munmap(room, size);  // the peak is not what it has at its end
    }
    use_cpu(number % 11 * 1'000);
    if (number % 5 == 0) {
        ::raise(number % 10 == 0 ? SIGKILL : SIGTERM);
    }
    ::_exit(static_cast<int>(number % 256));
}

void* live_on(void*) {
    ::usleep(20'000);
    use_cpu(3'000);
    return nullptr;
}

[[noreturn]] void live_with_threads(long count) {
    for (long i = 1; i < count; ++i) {
        pthread_t thread;
        if (::pthread_create(&thread, nullptr, live_on, nullptr) != 0) {
            workload::fail("pthread_create");
        }
    }
    use_cpu(3'000);
    ::pthread_exit(nullptr);  // the last thread ends the process
}

template <typename Body>
void tell_of_child(Body body) {
    const long begin = now_microseconds();
    const pid_t child = ::fork();
    if (child == 0) {
        body();
    }
    int status = 0;
    rusage used{};
    if (child < 0 || ::wait4(child, &status, 0, &used) != child) {
        workload::fail("wait4");
    }
    std::printf("[%d, %d, %ld, %ld, %ld, %ld]", child, status,
                used.ru_utime.tv_sec * 1'000'000 + used.ru_utime.tv_usec,
                used.ru_stime.tv_sec * 1'000'000 + used.ru_stime.tv_usec, used.ru_maxrss * 1024,
                now_microseconds() - begin);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const long count = workload::number(argc, argv, 2);
    workload::wait_for_go();
    std::printf("[");
    std::fflush(stdout);
    if (mode == "threads") {
        tell_of_child([&] { live_with_threads(count); });
    } else {
        for (long i = 0; i < count; ++i) {
            std::printf("%s", i == 0 ? "" : ", ");
            std::fflush(stdout);
            tell_of_child([&] { live(i); });
        }
    }
    std::printf("]\n");
    std::fflush(stdout);
    workload::stay();
}
