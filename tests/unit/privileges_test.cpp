// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <string>

#include "util/error.h"
#include "util/read_file.h"

namespace tally {
namespace {

/// What a process says that has given up its privileges, which cannot be had back.
std::string said_without_privileges(const StillNeeded& needed,
                                    const std::function<std::string()>& act) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string said;
        try {
            give_up_privileges(needed);
            said = act();
        } catch (const Error& error) {
            said = error.what();
        }
        const bool all = ::write(ends[1], said.data(), said.size()) == ssize_t(said.size());
        ::_exit(all ? 0 : 1);
    }
    ::close(ends[1]);
    std::string said;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(ends[0], part.data(), part.size())) > 0;) {
        said.append(part.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    return said;
}

/// "NAME: ERROR", or "NAME: done".
std::string outcome(const char* name, long result) {
    return std::string(name) + ": " + (result < 0 ? strerrorname_np(errno) : "done") + "\n";
}

long bpf(bpf_cmd command, bpf_attr& attributes) {
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

bool is_root() {
    return ::geteuid() == 0;
}

std::string line_of(const std::string& text, const std::string& begin) {
    const std::size_t at = text.find(begin);
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

TEST(Privileges, StatusOfTheProcess) {
    const std::string status = said_without_privileges(
        {true}, [] { return read_kernel_file("/proc/self/status").value_or(""); });
    EXPECT_EQ(line_of(status, "NoNewPrivs:"), "NoNewPrivs:\t1");
    EXPECT_EQ(line_of(status, "Seccomp:"), "Seccomp:\t2");
    for (const char* set : {"CapInh:", "CapAmb:"}) {
        EXPECT_EQ(line_of(status, set), set + std::string("\t0000000000000000"));
    }
    if (!is_root()) {
        GTEST_SKIP() << "the rest needs root: there is nothing else to give up";
    }
    EXPECT_EQ(line_of(status, "CapBnd:"), "CapBnd:\t0000000000000000");
    EXPECT_EQ(line_of(status, "Uid:"), "Uid:\t65534\t65534\t65534\t65534");
    EXPECT_EQ(line_of(status, "Gid:"), "Gid:\t65534\t65534\t65534\t65534");
    EXPECT_EQ(line_of(status, "Groups:"), "Groups:\t ");
}

TEST(Privileges, Capabilities) {
    if (!is_root()) {
        GTEST_SKIP() << "needs root";
    }
    const auto kept = [](const StillNeeded& needed) {
        const std::string status = said_without_privileges(
            needed, [] { return read_kernel_file("/proc/self/status").value_or(""); });
        const std::uint64_t effective = std::stoull(line_of(status, "CapEff:").substr(8), {}, 16);
        EXPECT_EQ(std::stoull(line_of(status, "CapPrm:").substr(8), {}, 16), effective);
        return effective & ~(1ULL << CAP_BPF);  // which old kernels need
    };
    EXPECT_EQ(kept({false}), 0U);
    EXPECT_EQ(kept({true}), 1ULL << CAP_DAC_READ_SEARCH);
    EXPECT_EQ(kept({false, 1}), 1ULL << CAP_KILL);
}

TEST(Privileges, WhatIsRefused) {
    const pid_t victim = ::fork();
    if (victim == 0) {
        ::pause();
        ::_exit(0);
    }
    const std::string said = said_without_privileges({true}, [&] {
        char name[] = "/bin/true";
        char* const words[] = {name, nullptr};
        bpf_attr map{};
        map.map_type = BPF_MAP_TYPE_ARRAY;
        map.key_size = map.value_size = map.max_entries = 4;
        const std::array<bpf_insn, 2> nothing{
            {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
        bpf_attr program{};
        program.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
        program.insns = reinterpret_cast<std::uintptr_t>(nothing.data());
        program.insn_cnt = nothing.size();
        program.license = reinterpret_cast<std::uintptr_t>("GPL");
        bpf_attr link{};
        return outcome("execve", ::execve(name, words, nullptr)) +
               outcome("execveat", ::execveat(AT_FDCWD, name, words, nullptr, 0)) +
               outcome("fork", ::fork()) + outcome("socket", ::socket(AF_INET, SOCK_STREAM, 0)) +
               outcome("socket unix", ::socket(AF_UNIX, SOCK_STREAM, 0)) +
               outcome("connect", ::connect(0, nullptr, 0)) +
               outcome("bpf map", bpf(BPF_MAP_CREATE, map)) +
               outcome("bpf program", bpf(BPF_PROG_LOAD, program)) +
               outcome("bpf link", bpf(BPF_LINK_CREATE, link)) +
               outcome("ptrace", ::ptrace(PTRACE_ATTACH, victim, nullptr, nullptr)) +
               outcome("kill", ::kill(victim, SIGKILL)) +
               outcome("tgkill", ::syscall(SYS_tgkill, victim, victim, SIGKILL)) +
               outcome("setuid", ::setresuid(0, 0, 0)) +
               outcome("open handle", ::syscall(SYS_open_by_handle_at, 0, nullptr, 0)) +
               outcome("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr)) +
               outcome("type", ::ioctl(0, TIOCSTI, "x")) + outcome("unlink", ::unlink("/nosuch")) +
               outcome("create", ::open("/tmp/tally_privileges_test", O_WRONLY | O_CREAT, 0600)) +
               outcome("write", ::open("/dev/null", O_WRONLY)) +
               outcome("read and write", ::open("/dev/null", O_RDWR)) +
               outcome("truncate", ::open("/dev/null", O_RDONLY | O_TRUNC));
    });
    std::size_t count = 0;
    for (std::size_t at = 0; at < said.size(); at = said.find('\n', at) + 1) {
        const std::string line = said.substr(at, said.find('\n', at) - at);
        EXPECT_TRUE(line.ends_with(": ENOSYS")) << line;
        ++count;
    }
    EXPECT_EQ(count, 21U) << said;
    ::kill(victim, SIGKILL);
    int status = 0;
    ::waitpid(victim, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(Privileges, WhatStaysPossible) {
    const pid_t command = ::fork();
    if (command == 0) {
        ::pause();
        ::_exit(0);
    }
    const std::string said = said_without_privileges({true, command}, [&] {
        bpf_attr look_up{};
        look_up.map_fd = ~0U;
        pollfd none{-1, POLLIN, 0};
        void* const memory = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return outcome("read", ::open("/proc/self/stat", O_RDONLY)) +
               outcome("bpf look-up", bpf(BPF_MAP_LOOKUP_ELEM, look_up)) +
               outcome("poll", ::poll(&none, 1, 1)) +
               outcome("memory", memory == MAP_FAILED ? -1 : 0) +
               outcome("kill", ::kill(command, SIGTERM)) +
               outcome("kill itself", ::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0));
    });
    EXPECT_EQ(said,
              "read: done\nbpf look-up: EBADF\npoll: done\nmemory: done\nkill: done\n"
              "kill itself: done\n");
    ::kill(command, SIGKILL);  // too late for one that has ended as it should
    int status = 0;
    ::waitpid(command, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

TEST(Privileges, FilesOfRootCanBeReadForNames) {
    if (!is_root()) {
        GTEST_SKIP() << "needs root";
    }
    const std::string folder = ::testing::TempDir() + "tally_privileges_XXXXXX";
    std::string name = folder;
    ASSERT_NE(::mkdtemp(name.data()), nullptr);  // 0700
    const std::string file = name + "/state.json";
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
    ASSERT_EQ(::write(fd, "web", 3), 3);
    ::close(fd);
    const auto read = [&] { return read_file(file, 100).value_or("not to be read"); };
    EXPECT_EQ(said_without_privileges({true}, read), "web");
    EXPECT_EQ(said_without_privileges({false}, read), "not to be read");
    ::unlink(file.c_str());
    ::rmdir(name.c_str());
}

TEST(Privileges, SignalAtTheDeathOfTheParentStays) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        std::array<int, 2> ready{};
        if (::pipe(ready.data()) != 0) {
            ::_exit(1);
        }
        if (::fork() == 0) {
            ::alarm(20);
            ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
            give_up_privileges({});
            [[maybe_unused]] const ssize_t written = ::write(ready[1], "r", 1);
            ::poll(nullptr, 0, -1);
            ::_exit(0);
        }
        char byte = 0;
        ::_exit(::read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    ::close(ends[1]);  // the grandchild has the last one: what is readable is its end
    pollfd end{ends[0], POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 10'000), 1);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(parent, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace tally
