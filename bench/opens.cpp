// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// opens N PATH: opens and closes a file N times, and says how many nanoseconds of CPU time each
// took.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

double cpu_nanoseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: opens N PATH\n");
        return 2;
    }
    const long count = std::atol(argv[1]);
    const double begin = cpu_nanoseconds();
    for (long i = 0; i < count; ++i) {
        const int fd = ::open(argv[2], O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            std::perror(argv[2]);
            return 1;
        }
        ::close(fd);
    }
    std::printf("%.1f\n", (cpu_nanoseconds() - begin) / static_cast<double>(count));
}
