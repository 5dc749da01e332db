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
//   executesat N    the same by execveat, from its first thread
//   reuses N        N times, a thread that is not the first executes, while others are made that
//   get
//                   its number
//   strange N       N calls of numbers that are in no table, each of another
//   murders N       N children that are killed in a call that would never return
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
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

/// Whether the thread sleeps.
bool is_asleep(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/stat";
    std::FILE* file = std::fopen(path.c_str(), "r");
    char state = 0;
    if (file == nullptr || std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
        workload::fail(path.c_str());
    }
    std::fclose(file);
    return state == 'S';
}

void murder_children(long count) {
    for (long i = 0; i < count; ++i) {
        pid_t child = ::fork();
        if (child == 0) {
            for (;;) {
                ::pause();
            }
        }
        while (!is_asleep(child)) {
            workload::nap();
        }
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

void call_strange(long count) {
    for (long i = 0; i < count; ++i) {
        ::syscall(i % 2 == 0 ? 5000 + i : -1 - i);
    }
}

[[noreturn]] void execute_again_at(long left) {
    const std::string number = std::to_string(left - 1);
    std::string name = "calls";
    std::string kind = "executedat";
    char* arguments[] = {name.data(), kind.data(), const_cast<char*>(number.c_str()), nullptr};
    ::syscall(SYS_execveat, AT_FDCWD, "/proc/self/exe", arguments, nullptr, 0);
    workload::fail("execveat");
}

/// A child whose second thread executes another program; as soon as that thread's number is free,
/// a new process gets it. (Its number inside, by clone3, so in a pid namespace of its own.)
void reuse_numbers(long count) {
    for (long i = 0; i < count; ++i) {
        int number[2];
        if (::pipe2(number, O_CLOEXEC) != 0) {
            workload::fail("pipe2");
        }
        pid_t child = ::fork();
        if (child == 0) {
            std::thread([&] {
                const pid_t own = static_cast<pid_t>(::syscall(SYS_gettid));
                [[maybe_unused]] ssize_t written = ::write(number[1], &own, sizeof own);
                ::execl("/proc/self/exe", "calls", "end", "0", nullptr);
                workload::fail("exec");
            }).join();
            std::_Exit(1);
        }
        pid_t wanted = 0;
        if (::read(number[0], &wanted, sizeof wanted) != sizeof wanted) {
            workload::fail("read");
        }
        ::close(number[0]);
        ::close(number[1]);
        clone_args arguments{};
        arguments.exit_signal = SIGCHLD;
        arguments.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
        arguments.set_tid_size = 1;
        for (int attempt = 0; attempt < 10'000; ++attempt) {
            long got = ::syscall(SYS_clone3, &arguments, sizeof arguments);
            if (got == 0) {
                ::_exit(0);
            }
            if (got > 0) {
                break;
            }
        }
        while (::wait(nullptr) > 0) {
        }
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
    if (kind == "end") {
        return 0;
    }
    if (!kind.starts_with("executed")) {
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
    } else if (kind == "strange") {
        call_strange(count);
    } else if (kind == "reuses") {
        reuse_numbers(count);
    } else if ((kind == "executesat" || kind == "executedat") && count > 0) {
        execute_again_at(count);
    } else if ((kind == "executes" || kind == "executed") && count > 0) {
        execute_again(count);
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
