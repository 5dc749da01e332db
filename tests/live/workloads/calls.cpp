// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// calls KIND NUMBER [NUMBER]
// Makes a known number of system calls, says "done", and stays:
//   getppid N       N of them
//   legacy N        N getppid through the 32-bit entry
//   opens N M       N opens of what is not there, M of what may not be opened
//   refused N       N getppid that seccomp refuses with EPERM
//   children N      N children that do nothing, each waited for
//   signals N       N signals to itself, each with a handler, which returns by sigreturn
//   sleeps N        N sleeps of 20 ms
//   executes N      it executes itself N times, from a thread that is not its first
//   murders N       N children that are killed in a call that does not return
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>

#include "workload.h"

namespace {

void get_parents(long count) {
    for (long i = 0; i < count; ++i) {
        ::syscall(SYS_getppid);
    }
}

void get_parents_legacy(long count) {
#ifdef __x86_64__
    for (long i = 0; i < count; ++i) {
        long result = 64;  // __NR_getppid of arch/x86/entry/syscalls/syscall_32.tbl
        asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    }
#else
    workload::fail("no 32-bit entry is known for this machine");
#endif
}

void expect_open(const char* path, int error) {
    if (::open(path, O_RDONLY) >= 0 || errno != error) {
        workload::fail(path);
    }
}

/// Root may open everything.
void open_in_vain(long missing, long forbidden) {
    const char* secret = "/secret";
    if (::close(::open(secret, O_CREAT | O_WRONLY, 0)) != 0 ||
        ::syscall(SYS_setresuid, 4711, 4711, 4711) != 0) {
        workload::fail("prepare");
    }
    for (long i = 0; i < missing; ++i) {
        expect_open("/missing", ENOENT);
    }
    for (long i = 0; i < forbidden; ++i) {
        expect_open(secret, EACCES);
    }
}

void be_refused(long count) {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{.len = 4, .filter = code};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        workload::fail("seccomp");
    }
    for (long i = 0; i < count; ++i) {
        if (::syscall(SYS_getppid) != -1 || errno != EPERM) {
            workload::fail("getppid");
        }
    }
}

void have_children(long count) {
    for (long i = 0; i < count; ++i) {
        workload::fork_child([] {});
        ::wait(nullptr);
    }
}

void murder_children(long count) {
    for (long i = 0; i < count; ++i) {
        pid_t child = ::fork();
        if (child == 0) {
            for (;;) {
                ::pause();
            }
        }
        workload::nap();
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
}

void handle_signals(long count) {
    std::signal(SIGUSR1, [](int) {});
    for (long i = 0; i < count; ++i) {
        ::raise(SIGUSR1);
    }
}

void sleep_often(long count) {
    for (long i = 0; i < count; ++i) {
        ::usleep(20'000);
    }
}

[[noreturn]] void execute_again(long left) {
    const std::string number = std::to_string(left - 1);
    std::thread([&] {
        ::execl("/proc/self/exe", "calls", "executed", number.c_str(), nullptr);
        workload::fail("exec");
    }).join();
    std::_Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    const long count = workload::number(argc, argv, 2);
    if (kind != "executed") {
        workload::wait_for_go();
    }
    if (kind == "getppid") {
        get_parents(count);
    } else if (kind == "legacy") {
        get_parents_legacy(count);
    } else if (kind == "opens") {
        open_in_vain(count, workload::number(argc, argv, 3));
    } else if (kind == "refused") {
        be_refused(count);
    } else if (kind == "children") {
        have_children(count);
    } else if (kind == "murders") {
        murder_children(count);
    } else if (kind == "signals") {
        handle_signals(count);
    } else if (kind == "sleeps") {
        sleep_often(count);
    } else if ((kind == "executes" || kind == "executed") && count > 0) {
        execute_again(count);
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
