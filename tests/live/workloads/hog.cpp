// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// hog hold MEGABYTES    for each byte of stdin, a child that uses so much memory, says "used" and
//                       waits to be killed; says what it was ended by
// hog touch MEGABYTES   likewise, but the child ends by itself, when there is another byte
#include <sys/mman.h>
#include <sys/wait.h>

#include <cstring>
#include <string>

#include "workload.h"

namespace {

void use(std::size_t size) {
    void* room = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) {
        workload::fail("mmap");
    }
    std::memset(room, 1, size);
    std::printf("used\n");
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const bool holds = argc > 1 && std::string(argv[1]) == "hold";
    const std::size_t size = static_cast<std::size_t>(workload::number(argc, argv, 2)) << 20;
    while (workload::read_byte(STDIN_FILENO)) {
        const pid_t child = ::fork();
        if (child == 0) {
            use(size);
            while (holds) {
                ::pause();
            }
            workload::read_byte(STDIN_FILENO);
            ::_exit(0);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child) {
            workload::fail("waitpid");
        }
        std::printf("%d %d\n", child, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        std::fflush(stdout);
    }
}
