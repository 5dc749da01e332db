// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// rendezvous N PATH
// Opens a FIFO of this path N times and reads from it; another process opens and writes it, each
// time 50 ms after it has seen the first one asleep in the call. Says how many nanoseconds the
// opens and the reads took, as they were seen here.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>

#include "workload.h"

namespace {

constexpr std::size_t kAsked = 4711;
constexpr useconds_t kLate = 50'000;

long nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Whoever it waits for wakes it before it goes on itself, so that this is the next sleep.
void wait_until_asleep(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/stat";
    for (;;) {
        char text[256] = {};
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const bool is_read = ::read(fd, text, sizeof text - 1) > 0;
        ::close(fd);
        const char* name_ends = std::strrchr(text, ')');
        if (is_read && name_ends != nullptr && name_ends[2] == 'S') {
            return;
        }
        ::sched_yield();  // no sleep, which would be a call that is told
    }
}

void write_late(const char* path, long count) {
    for (long i = 0; i < count; ++i) {
        wait_until_asleep(::getppid());
        ::usleep(kLate);
        const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
        wait_until_asleep(::getppid());
        ::usleep(kLate);
        if (::write(fd, "seven..", 7) != 7 || ::close(fd) != 0) {
            workload::fail("write");
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const long count = workload::number(argc, argv, 1);
    const char* path = argv[2];
    if (::mkfifo(path, 0600) != 0) {
        workload::fail(path);
    }
    workload::wait_for_go();
    workload::fork_child([&] { write_late(path, count); });
    long opens = 0, reads = 0;
    for (long i = 0; i < count; ++i) {
        char room[kAsked];
        const long begin = nanoseconds();
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        const long opened = nanoseconds();
        if (::read(fd, room, kAsked) != 7) {
            workload::fail("read");
        }
        reads += nanoseconds() - opened;
        opens += opened - begin;
        // Until the writer has closed it, or the next open would find one that is about to go.
        if (::read(fd, room, kAsked) != 0) {
            workload::fail("read");
        }
        ::close(fd);
    }
    std::printf("{\"opens\": %ld, \"reads\": %ld}\n", opens, reads);
    std::fflush(stdout);
    workload::stay();
}
