// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/system_calls.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>

#include "wire.h"

namespace tally {
namespace {

TEST(SystemCalls, HaveTheNamesOfTheirTable) {
    EXPECT_EQ(syscall_name(SYS_read), "read");
    EXPECT_EQ(syscall_name(SYS_getppid), "getppid");
    EXPECT_EQ(syscall_name(3 | TALLY_SYSCALL_32), "read");  // 3 is close in the other table
    EXPECT_EQ(syscall_name(3), "close");
    EXPECT_EQ(syscall_name(64 | TALLY_SYSCALL_32), "getppid");
}

TEST(SystemCalls, NewerThanTheLibrary) {
    EXPECT_EQ(syscall_name(451), "cachestat");
    EXPECT_EQ(syscall_name(469), "file_setattr");
    EXPECT_EQ(syscall_name(462 | TALLY_SYSCALL_32), "mseal");
}

TEST(SystemCalls, UnknownOnesHaveANameToo) {
    EXPECT_EQ(syscall_name(471), "syscall_471");
    EXPECT_EQ(syscall_name(471 | TALLY_SYSCALL_32), "syscall32_471");
    EXPECT_EQ(syscall_name(TALLY_SYSCALL_UNKNOWN), "unknown");
}

TEST(SystemCalls, NumbersOfANameAreThoseOfAllTables) {
    EXPECT_EQ(syscall_numbers("getppid"),
              (std::vector<std::uint32_t>{SYS_getppid, 64 | TALLY_SYSCALL_32}));
    EXPECT_EQ(syscall_numbers("futex_wait"),
              (std::vector<std::uint32_t>{455, 455 | TALLY_SYSCALL_32}));
    EXPECT_EQ(syscall_numbers("socketcall"), (std::vector<std::uint32_t>{102 | TALLY_SYSCALL_32}));
    EXPECT_EQ(syscall_numbers("110"), (std::vector<std::uint32_t>{110}));
    for (const char* unknown : {"", "no_such_call", "-1", "12x", "1024", "2147483712",
                                "99999999999999", "syscall_", "syscall_1024"}) {
        EXPECT_TRUE(syscall_numbers(unknown).empty()) << unknown;
    }
}

TEST(SystemCalls, EveryNameLeadsBackToItsNumber) {
    for (std::uint32_t number = 0; number <= TALLY_SYSCALL_UNKNOWN; ++number) {
        const std::string name = syscall_name(number);
        const auto numbers = syscall_numbers(name);
        EXPECT_NE(std::find(numbers.begin(), numbers.end(), number), numbers.end()) << name;
    }
}

TEST(SystemCalls, SomeAreMeantToWait) {
    for (const char* call : {"epoll_wait", "futex", "nanosleep", "clock_nanosleep", "poll", "ppoll",
                             "select", "pselect6", "_newselect", "wait4", "accept", "accept4"}) {
        EXPECT_TRUE(waits_by_nature(call)) << call;
    }
    for (const char* call : {"read", "write", "fsync", "openat", "getppid", ""}) {
        EXPECT_FALSE(waits_by_nature(call)) << call;
    }
}

TEST(Errors, HaveNames) {
    EXPECT_EQ(error_name(ENOENT), "ENOENT");
    EXPECT_EQ(error_name(EACCES), "EACCES");
    EXPECT_EQ(error_name(512), "ERESTARTSYS");
    EXPECT_EQ(error_name(516), "ERESTART_RESTARTBLOCK");
    EXPECT_EQ(error_name(4000), "E4000");
}

}  // namespace
}  // namespace tally
