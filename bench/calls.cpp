// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// calls one|turns SECONDS
// For so long: getppid again and again, or seven cheap calls in turn, as programs rather do. Prints
// how many calls.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

double now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

constexpr long kOne[] = {SYS_getppid};
constexpr long kTurns[] = {SYS_getppid, SYS_getuid, SYS_getgid, SYS_getpid,
                           SYS_geteuid, SYS_gettid, SYS_getegid};

template <typename Calls>
long make(const Calls& calls, double end) {
    long made = 0;
    do {
        for (const long call : calls) {
            ::syscall(call);
            ++made;
        }
    } while (made % 1000 >= static_cast<long>(sizeof calls / sizeof calls[0]) || now() < end);
    return made;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: calls one|turns SECONDS\n");
        return 2;
    }
    const double end = now() + std::atof(argv[2]);
    std::printf("%ld\n", std::strcmp(argv[1], "one") == 0 ? make(kOne, end) : make(kTurns, end));
}
