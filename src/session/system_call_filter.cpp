// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/system_call_filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "util/error.h"

namespace tally {
namespace {

/// Whole families, even where tally uses one member: which members a C library uses differs between
/// libraries and between their versions.
constexpr std::array kAllowed{
    // memory
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    // reading files and folders
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64),
    SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(getcwd), SCMP_SYS(getdents), SCMP_SYS(getdents64),
    SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(pread64), SCMP_SYS(preadv),
    SCMP_SYS(read), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(stat),
    SCMP_SYS(statfs), SCMP_SYS(statx),
    // descriptors
    SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    // writing to open files
    SCMP_SYS(fdatasync), SCMP_SYS(fsync), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(write),
    SCMP_SYS(writev),
    // time and waiting
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(gettimeofday), SCMP_SYS(nanosleep),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(pselect6), SCMP_SYS(restart_syscall),
    SCMP_SYS(select), SCMP_SYS(time), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(timerfd_settime), SCMP_SYS(wait4), SCMP_SYS(waitid),
    // signals
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack), SCMP_SYS(signalfd4),
    // this process, and the machine
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(getcpu), SCMP_SYS(getegid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
    SCMP_SYS(getrusage), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(membarrier), SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list),
    SCMP_SYS(sysinfo), SCMP_SYS(times), SCMP_SYS(uname)};

constexpr std::array kAllowedOfBpf{BPF_MAP_LOOKUP_ELEM,
                                   BPF_MAP_UPDATE_ELEM,
                                   BPF_MAP_DELETE_ELEM,
                                   BPF_MAP_GET_NEXT_KEY,
                                   BPF_MAP_LOOKUP_AND_DELETE_ELEM,
                                   BPF_MAP_LOOKUP_BATCH,
                                   BPF_MAP_LOOKUP_AND_DELETE_BATCH,
                                   BPF_MAP_UPDATE_BATCH,
                                   BPF_MAP_DELETE_BATCH,
                                   BPF_OBJ_GET_INFO_BY_FD,
                                   BPF_ITER_CREATE};

/// Queries about a terminal and its size. (Another ioctl, TIOCSTI, types into it.)
constexpr std::array kAllowedOfIoctl{TCGETS, TIOCGWINSZ};

constexpr scmp_datum_t kWritable = O_ACCMODE | O_CREAT | O_TRUNC;

class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release) {
        if (!context_) {
            fail(ENOMEM);
        }
    }

    void allow(int call) {
        if (const int error = seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, call, 0)) {
            fail(-error);
        }
    }

    /// Allows the call if the bits of `mask` in the argument are those of `value`. The upper half
    /// of an int's register may hold anything.
    void allow(int call, unsigned argument, scmp_datum_t mask, std::int64_t value) {
        const scmp_arg_cmp condition{argument, SCMP_CMP_MASKED_EQ, mask,
                                     static_cast<scmp_datum_t>(value) & mask};
        if (const int error =
                seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call, 1, &condition)) {
            fail(-error);
        }
    }

    void load() {
        if (const int error = seccomp_load(context_.get())) {
            fail(-error);
        }
    }

  private:
    [[noreturn]] static void fail(int error) {
        throw Error("cannot limit system calls (seccomp): {}; --keep-privileges skips this",
                    std::strerror(error));
    }

    std::unique_ptr<void, decltype(&seccomp_release)> context_;
};

}  // namespace

void limit_system_calls(pid_t command) {
    constexpr scmp_datum_t kInt = 0xFFFF'FFFF;
    Filter filter;
    for (const int call : kAllowed) {
        filter.allow(call);
    }
    for (const int each : kAllowedOfBpf) {
        filter.allow(SCMP_SYS(bpf), 0, kInt, each);
    }
    for (const int each : kAllowedOfIoctl) {
        filter.allow(SCMP_SYS(ioctl), 1, kInt, each);
    }
    filter.allow(SCMP_SYS(open), 1, kWritable, O_RDONLY);
    filter.allow(SCMP_SYS(openat), 2, kWritable, O_RDONLY);
    filter.allow(SCMP_SYS(prlimit64), 0, kInt, 0);        // its own limits
    filter.allow(SCMP_SYS(tgkill), 0, kInt, ::getpid());  // abort(3)
    if (command > 0) {
        filter.allow(SCMP_SYS(kill), 0, kInt, command);
    }
    filter.load();
}

}  // namespace tally
