// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// pages N
// Its stdout is a file of at least N pages. For each byte on stdin it does, with the first N of
// them:
//   c  forgets what is cached of the file, and reads each by a call
//   r  reads each by a call
//   o  reads all by one call
//   s  has all sent to /dev/null by sendfile
//   C  forgets what is cached of the file, maps it and touches each
//   t  maps the file and touches each
//   w  writes each by a call
// The kernel is told not to read ahead.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "workload.h"

namespace {

constexpr long kPage = 4096;
constexpr int kFile = STDOUT_FILENO;

void check(bool is_fine, const char* what) {
    if (!is_fine) {
        workload::fail(what);
    }
}

bool is_any_cached(long pages) {
    void* memory = ::mmap(nullptr, pages * kPage, PROT_READ, MAP_SHARED, kFile, 0);
    check(memory != MAP_FAILED, "mmap");
    std::vector<unsigned char> cached(pages);
    check(::mincore(memory, pages * kPage, cached.data()) == 0, "mincore");
    check(::munmap(memory, pages * kPage) == 0, "munmap");
    return std::any_of(cached.begin(), cached.end(), [](unsigned char each) { return each & 1; });
}

/// A file system may keep pages that it has just written for a moment longer. On btrfs (Linux 6.12)
/// all of a file were seen to stay, right after fdatasync().
void forget(long pages) {
    check(::fdatasync(kFile) == 0, "fdatasync");
    do {
        check(::posix_fadvise(kFile, 0, 0, POSIX_FADV_DONTNEED) == 0, "fadvise");
    } while (is_any_cached(pages) && ::usleep(1000) == 0);
    check(::posix_fadvise(kFile, 0, 0, POSIX_FADV_RANDOM) == 0, "fadvise");
}

void touch(long pages) {
    void* memory = ::mmap(nullptr, pages * kPage, PROT_READ, MAP_SHARED, kFile, 0);
    check(memory != MAP_FAILED, "mmap");
    check(::madvise(memory, pages * kPage, MADV_RANDOM) == 0, "madvise");
    for (long i = 0; i < pages; ++i) {
        static_cast<void>(static_cast<volatile char*>(memory)[i * kPage]);
    }
    check(::munmap(memory, pages * kPage) == 0, "munmap");
}

}  // namespace

int main(int argc, char** argv) {
    const long pages = workload::number(argc, argv, 1);
    std::vector<char> buffer(pages * kPage, 'x');
    const int null = ::open("/dev/null", O_WRONLY);
    char todo = 0;
    while (::read(STDIN_FILENO, &todo, 1) == 1) {
        off_t start = 0;
        switch (todo) {
            case 'c':
                forget(pages);
                [[fallthrough]];
            case 'r':
                for (long i = 0; i < pages; ++i) {
                    check(::pread(kFile, buffer.data(), kPage, i * kPage) == kPage, "pread");
                }
                break;
            case 'o':
                check(::pread(kFile, buffer.data(), pages * kPage, 0) == pages * kPage, "pread");
                break;
            case 's':
                while (start < pages * kPage) {
                    check(::sendfile(null, kFile, &start, pages * kPage - start) > 0, "sendfile");
                }
                break;
            case 'C':
                forget(pages);
                [[fallthrough]];
            case 't':
                touch(pages);
                break;
            case 'w':
                for (long i = 0; i < pages; ++i) {
                    check(::pwrite(kFile, buffer.data(), kPage, i * kPage) == kPage, "pwrite");
                }
                break;
        }
    }
}
