// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// file_operations PATH [KIND N]...: opens that file and fills it with one page; on a byte on stdin
// it does N of each kind, in their order, says "done", and stays. A file system is asked for N of:
//   read, pread, readv, sendfile     reads of the page
//   write, pwrite, writev            writes of the page
//   dsync                            writes of the page, and N fsyncs inside of them
//   fsync, fdatasync                 fsyncs
//   open                             opens
//   missing                          opens that fail outside of it, as there is no such file: none
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <string>
#include <string_view>

#include "workload.h"

namespace {

constexpr ssize_t kPage = 4096;
char page[kPage];

class File {
  public:
    explicit File(const char* path)
        : path_(path),
          file_(::open(path, O_RDWR | O_CREAT, 0644)),
          null_(::open("/dev/null", O_WRONLY)) {
        if (file_ < 0 || null_ < 0 || ::pwrite(file_, page, kPage, 0) != kPage) {
            workload::fail(path);
        }
    }

    /// One operation of that kind.
    void operate(std::string_view kind) {
        iovec vector{page, kPage};
        off_t begin = 0;
        if (kind == "open" || kind == "missing") {
            const std::string path = kind == "open" ? path_ : path_ + ".missing";
            const int opened = ::open(path.c_str(), O_RDONLY);
            if ((opened < 0) != (kind == "missing")) {
                workload::fail(path.c_str());
            }
            ::close(opened);
            return;
        }
        if (kind == "read" || kind == "readv" || kind == "write" || kind == "writev") {
            ::lseek(file_, 0, SEEK_SET);
        }
        const ssize_t wanted = kind == "fsync" || kind == "fdatasync" ? 0 : kPage;
        const ssize_t done = kind == "read"        ? ::read(file_, page, kPage)
                             : kind == "pread"     ? ::pread(file_, page, kPage, 0)
                             : kind == "readv"     ? ::readv(file_, &vector, 1)
                             : kind == "sendfile"  ? ::sendfile(null_, file_, &begin, kPage)
                             : kind == "write"     ? ::write(file_, page, kPage)
                             : kind == "pwrite"    ? ::pwrite(file_, page, kPage, 0)
                             : kind == "writev"    ? ::writev(file_, &vector, 1)
                             : kind == "dsync"     ? ::pwritev2(file_, &vector, 1, 0, RWF_DSYNC)
                             : kind == "fsync"     ? ::fsync(file_)
                             : kind == "fdatasync" ? ::fdatasync(file_)
                                                   : -1;
        if (done != wanted) {
            workload::fail(std::string(kind).c_str());
        }
    }

  private:
    std::string path_;
    int file_;
    int null_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        workload::number(argc, argv, 1);
    }
    File file(argv[1]);
    std::puts("ready");
    std::fflush(stdout);
    workload::wait_for_go();
    for (int kind = 2; kind < argc; kind += 2) {
        for (long left = workload::number(argc, argv, kind + 1); left > 0; --left) {
            file.operate(argv[kind]);
        }
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
