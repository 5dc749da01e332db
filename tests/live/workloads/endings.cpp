// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// endings processes N   N children, one after the other, that end in different ways after using
// some
//                       memory and CPU time; says of each what wait4(2) does, and how long it took,
//                       and what CPU time it had used just before its end: as far as the kernel had
//                       added it up, and (of every other one, for that adds it up) all
// endings threads N     one child of N threads, the first of which ends before the others, and one
//                       of which after them; likewise, of all threads together
// endings large N       N children that have 256 MiB at their end; likewise
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cstring>
#include <ctime>
#include <string>

#include "workload.h"

namespace {

/// In nanoseconds, by the child.
struct Used {
    std::atomic<long> added_up;  ///< by the kernel, so far
    std::atomic<long> all;       ///< 0: not asked for
};
Used* used_before_the_end = nullptr;  // the child's memory and ours

constexpr std::size_t kLarge = std::size_t{256} << 20;

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

/// What a file of /proc says first; 0 if it is not there.
template <typename Reading>
Reading read_proc(const char* path, Reading (*parse)(const char* text)) {
    char text[256] = {};
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ::read(fd, text, sizeof text - 1) < 0) {
        text[0] = '\0';
    }
    ::close(fd);
    return parse(text);
}

/// What the scheduler has added up of this process's first thread: reading it adds nothing up.
void say_what_is_added_up() {
    used_before_the_end->added_up += read_proc<long>("/proc/self/schedstat", std::atol);
}

/// All of this thread or process. From then on it is added up.
void say_all_that_is_used(clockid_t clock) {
    timespec used{};
    ::clock_gettime(clock, &used);
    used_before_the_end->all += used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

[[noreturn]] void live(long number) {
    const std::size_t size = static_cast<std::size_t>(number % 13) << 18;
    if (size != 0) {
        void* room =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        std::memset(room, 1, size);
        ::munmap(room, size);  // the peak is not what it has at its end
    }
    use_cpu(number % 11 * 1'000);
    say_what_is_added_up();
    if (number % 2 == 1) {
        say_all_that_is_used(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (number % 5 == 0) {
        ::raise(number % 10 == 0 ? SIGKILL : SIGTERM);
    }
    ::_exit(static_cast<int>(number % 256));
}

/// 'Z': it has ended, and is only remembered.
char state_of_first_thread() {
    const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/stat";
    return read_proc<char>(path.c_str(), [](const char* text) {
        const char* name_ends = std::strrchr(text, ')');
        return name_ends != nullptr ? name_ends[2] : '?';
    });
}

/// How many are in this process, with a first one that has ended.
long threads() {
    char room[8192];
    long count = -2;  // . and ..
    const int fd = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (long got = 0; (got = ::syscall(SYS_getdents64, fd, room, sizeof room)) > 0;) {
        for (long at = 0; at < got; ++count) {
            unsigned short length = 0;
            std::memcpy(&length, room + at + 16, sizeof length);  // d_reclen of linux_dirent64
            at += length;
        }
    }
    ::close(fd);
    return count;
}

void* live_on(void* is_last) {
    while (state_of_first_thread() != 'Z') {
        ::usleep(1'000);
    }
    use_cpu(3'000);
    while (is_last != nullptr && threads() > 2) {
        ::usleep(1'000);
    }
    say_all_that_is_used(CLOCK_THREAD_CPUTIME_ID);
    return nullptr;
}

[[noreturn]] void live_with_threads(long count) {
    for (long i = 1; i < count; ++i) {
        pthread_t thread;
        pthread_attr_t attributes;
        ::pthread_attr_init(&attributes);
        ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        char any = 0;
        if (::pthread_create(&thread, &attributes, live_on, i + 1 == count ? &any : nullptr) != 0) {
            workload::fail("pthread_create");
        }
    }
    use_cpu(3'000);
    say_all_that_is_used(CLOCK_THREAD_CPUTIME_ID);
    ::pthread_exit(nullptr);  // the last thread ends the process
}

[[noreturn]] void live_large() {
    void* room =
        ::mmap(nullptr, kLarge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::madvise(room, kLarge, MADV_NOHUGEPAGE);  // each page is one to be given back
    std::memset(room, 1, kLarge);
    say_what_is_added_up();
    say_all_that_is_used(CLOCK_PROCESS_CPUTIME_ID);
    ::_exit(0);
}

template <typename Body>
void tell_of_child(Body body) {
    used_before_the_end->added_up = used_before_the_end->all = 0;
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
    const long elapsed = now_microseconds() - begin;
    std::printf("[%d, %d, %ld, %ld, %ld, %ld, %ld, %ld]", child, status,
                used.ru_utime.tv_sec * 1'000'000 + used.ru_utime.tv_usec,
                used.ru_stime.tv_sec * 1'000'000 + used.ru_stime.tv_usec, used.ru_maxrss * 1024,
                elapsed, used_before_the_end->added_up.load(), used_before_the_end->all.load());
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const long count = workload::number(argc, argv, 2);
    used_before_the_end = static_cast<Used*>(
        ::mmap(nullptr, sizeof(Used), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    workload::wait_for_go();
    std::printf("[");
    std::fflush(stdout);
    if (mode == "threads") {
        tell_of_child([&] { live_with_threads(count); });
    } else {
        for (long i = 0; i < count; ++i) {
            std::printf("%s", i == 0 ? "" : ", ");
            std::fflush(stdout);
            tell_of_child([&] { mode == "large" ? live_large() : live(i); });
        }
    }
    std::printf("]\n");
    std::fflush(stdout);
    workload::stay();
}
