// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// stats N PATH         N times each call that asks for a file, of this path
// stats words WORD...  one stat of each of these names
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "workload.h"

namespace {

void ask(const char* path) {
    struct stat status {};
    struct statx more {};
    struct statfs system {};
    ::syscall(SYS_stat, path, &status);
    ::syscall(SYS_lstat, path, &status);
    ::syscall(SYS_newfstatat, AT_FDCWD, path, &status, 0);
    ::syscall(SYS_statx, AT_FDCWD, path, 0, STATX_SIZE, &more);
    ::syscall(SYS_statfs, path, &system);
    ::syscall(SYS_access, path, R_OK);
    ::syscall(SYS_faccessat, AT_FDCWD, path, R_OK);
    ::syscall(SYS_faccessat2, AT_FDCWD, path, R_OK, AT_EACCESS);
}

}  // namespace

int main(int argc, char** argv) {
    workload::wait_for_go();
    if (argc > 2 && std::string(argv[1]) == "words") {
        struct stat status {};
        for (char** each = argv + 2; *each != nullptr; ++each) {
            ::syscall(SYS_stat, *each, &status);
        }
    } else {
        const long count = workload::number(argc, argv, 1);
        for (long i = 0; i < count; ++i) {
            ask(argv[2]);
        }
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
