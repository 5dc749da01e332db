// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// file_operations PATH [KIND N]...: opens that file and fills it with one page; on a byte on stdin
// it does N of each kind, in their order, says "done", and stays. A file system is asked for N of:
//   read, pread, readv, sendfile     reads of the page
//   uring                            the same, by io_uring
//   aio                              the same, past the page cache and by AIO: they end later
//   fault                            reads that fail with EFAULT
//   write, pwrite, writev            writes of the page
//   append                           writes of a page behind the last
//   dsync                            writes of the page, and N fsyncs inside of them
//   fsync, fdatasync                 fsyncs
//   open                             opens; the first aio and the first append are one too
//   missing                          opens that fail outside of it, as there is no such file: none
//   directory                        opens and fsyncs of the file's directory: none of a file
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "workload.h"

namespace {

constexpr ssize_t kPage = 4096;
alignas(kPage) char page[kPage];

/// io_uring with one place, by system calls alone.
class Ring {
  public:
    Ring() : ring_(static_cast<int>(::syscall(SYS_io_uring_setup, 1, &parameters_))) {
        if (ring_ < 0) {
            workload::fail("io_uring_setup");
        }
        requests_ = map<char>(IORING_OFF_SQ_RING);
        answers_ = map<char>(IORING_OFF_CQ_RING);
        entry_ = map<io_uring_sqe>(IORING_OFF_SQES);
    }

    ssize_t read(int file) {
        *entry_ = {};
        entry_->opcode = IORING_OP_READ;
        entry_->fd = file;
        entry_->addr = reinterpret_cast<std::uintptr_t>(page);
        entry_->len = kPage;
        const io_cqring_offsets& answers = parameters_.cq_off;
        const unsigned head = number(answers_, answers.head);
        number(requests_, parameters_.sq_off.array) = 0;
        __atomic_fetch_add(&number(requests_, parameters_.sq_off.tail), 1, __ATOMIC_SEQ_CST);
        if (::syscall(SYS_io_uring_enter, ring_, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) != 1) {
            workload::fail("io_uring_enter");
        }
        const auto* answer = reinterpret_cast<io_uring_cqe*>(answers_ + answers.cqes) +
                             (head & number(answers_, answers.ring_mask));
        const ssize_t result = answer->res;
        __atomic_store_n(&number(answers_, answers.head), head + 1, __ATOMIC_SEQ_CST);
        return result;
    }

  private:
    template <typename Content>
    Content* map(std::uint64_t what) const {
        void* at = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring_,
                          static_cast<off_t>(what));
        if (at == MAP_FAILED) {
            workload::fail("mmap of io_uring");
        }
        return static_cast<Content*>(at);
    }

    static unsigned& number(char* ring, std::uint32_t offset) {
        return *reinterpret_cast<unsigned*>(ring + offset);
    }

    io_uring_params parameters_{};
    int ring_;
    char* requests_;
    char* answers_;
    io_uring_sqe* entry_;
};

ssize_t read_by_aio(int file) {
    static aio_context_t context = [] {
        aio_context_t made = 0;
        if (::syscall(SYS_io_setup, 1, &made) != 0) {
            workload::fail("io_setup");
        }
        return made;
    }();
    iocb request{};
    request.aio_fildes = static_cast<std::uint32_t>(file);
    request.aio_lio_opcode = IOCB_CMD_PREAD;
    request.aio_buf = reinterpret_cast<std::uintptr_t>(page);
    request.aio_nbytes = kPage;
    iocb* requests[] = {&request};
    io_event event{};
    if (::syscall(SYS_io_submit, context, 1, requests) != 1 ||
        ::syscall(SYS_io_getevents, context, 1, 1, &event, nullptr) != 1) {
        workload::fail("aio");
    }
    return static_cast<ssize_t>(event.res);
}

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
        if (kind == "directory") {
            const std::string path = path_.substr(0, path_.rfind('/'));
            const int opened = ::open(path.c_str(), O_RDONLY | O_DIRECTORY);
            if (opened < 0 || ::fsync(opened) != 0) {
                workload::fail(path.c_str());
            }
            ::close(opened);
            return;
        }
        if (kind == "fault") {
            if (::pread(file_, unreadable_, kPage, 0) >= 0 || errno != EFAULT) {
                workload::fail("fault");
            }
            return;
        }
        if (kind == "read" || kind == "readv" || kind == "write" || kind == "writev") {
            ::lseek(file_, 0, SEEK_SET);
        }
        const ssize_t wanted = kind == "fsync" || kind == "fdatasync" ? 0 : kPage;
        const ssize_t done = kind == "read"        ? ::read(file_, page, kPage)
                             : kind == "pread"     ? ::pread(file_, page, kPage, 0)
                             : kind == "readv"     ? ::readv(file_, &vector, 1)
                             : kind == "uring"     ? ring().read(file_)
                             : kind == "aio"       ? read_by_aio(direct())
                             : kind == "append"    ? ::write(appending(), page, kPage)
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
    static Ring& ring() {
        static Ring made;
        return made;
    }

    int direct() {
        static const int opened = open_as(O_RDONLY | O_DIRECT);
        return opened;
    }

    int appending() {
        static const int opened = open_as(O_WRONLY | O_APPEND);
        return opened;
    }

    int open_as(int flags) const {
        const int opened = ::open(path_.c_str(), flags);
        if (opened < 0) {
            workload::fail(path_.c_str());
        }
        return opened;
    }

    void* const unreadable_ = ::mmap(nullptr, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
