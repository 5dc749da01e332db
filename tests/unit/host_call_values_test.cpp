// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/call_values.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <algorithm>
#include <csignal>

#include "host/system_calls.h"
#include "wire.h"

namespace tally {
namespace {

TEST(CapabilityName, IsThatOfTheHeader) {
    EXPECT_EQ(capability_name(0), "CAP_CHOWN");
    EXPECT_EQ(capability_name(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
    EXPECT_EQ(capability_name(CAP_NET_BIND_SERVICE), "CAP_NET_BIND_SERVICE");
    EXPECT_EQ(capability_name(CAP_MKNOD), "CAP_MKNOD");
    EXPECT_EQ(capability_name(CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
    EXPECT_EQ(capability_name(41), "CAP_41");
    EXPECT_EQ(capability_name(~0U), "CAP_4294967295");
}

TEST(CallValues, FlagsOfOpen) {
    EXPECT_EQ(open_flags_text(0), "O_RDONLY");
    EXPECT_EQ(open_flags_text(02000102), "O_RDWR|O_CREAT|O_CLOEXEC");
    EXPECT_EQ(open_flags_text(0x80000001), "O_WRONLY|0x80000000");
}

TEST(CallValues, NamedFlags) {
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_FLAGS, 0), "0");
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_FLAGS, 0x44000), "MS_REC|MS_PRIVATE");
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_FLAGS, 0xc0ed0001), "MS_RDONLY");
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_FLAGS, 0x80000001), "MS_RDONLY|0x80000000");
    EXPECT_EQ(named_flags_text(TALLY_UMOUNT_FLAGS, 2), "MNT_DETACH");
    EXPECT_EQ(named_flags_text(TALLY_CLONE_FLAGS, 0x24020000),
              "CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWPID");
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_ATTRIBUTES, 0x70), "MOUNT_ATTR__ATIME");
    EXPECT_EQ(named_flags_text(TALLY_MOUNT_ATTRIBUTES, 0x20), "MOUNT_ATTR_STRICTATIME");
}

TEST(CallValues, CommandsAreNumbersAndNotBits) {
    EXPECT_EQ(named_flags_text(TALLY_FSCONFIG_COMMAND, 0), "FSCONFIG_SET_FLAG");
    EXPECT_EQ(named_flags_text(TALLY_FSCONFIG_COMMAND, 7), "FSCONFIG_CMD_RECONFIGURE");
    EXPECT_EQ(named_flags_text(TALLY_FSCONFIG_COMMAND, 99), "0x63");
}

TEST(CallValues, FlagsOfASetThatIsNotKnownAreANumber) {
    EXPECT_EQ(named_flags_text(4711, 3), "0x3");
}

TEST(CallValues, WaitingCallsOfAllTables) {
    const std::vector<std::uint32_t> calls = waiting_calls();
    const auto has = [&](std::uint32_t number) {
        return std::find(calls.begin(), calls.end(), number) != calls.end();
    };
    EXPECT_TRUE(has(202) && has(240 | TALLY_SYSCALL_32));  // futex
    EXPECT_FALSE(has(0) || has(3 | TALLY_SYSCALL_32));     // read
    EXPECT_LT(calls.size(), 1024U);                        // WAITING_CALLS()
}

TEST(SignalNumber, ByNameWithAndWithoutSigAndByNumber) {
    EXPECT_EQ(signal_number("SIGKILL"), 9U);
    EXPECT_EQ(signal_number("KILL"), 9U);
    EXPECT_EQ(signal_number("9"), 9U);
    EXPECT_EQ(signal_number("SIGRTMIN+3"), static_cast<std::uint32_t>(SIGRTMIN + 3));
}

TEST(SignalNumber, IsTheOneOfTheNameForAllSignals) {
    for (std::uint32_t number = 1; number <= 64; ++number) {
        EXPECT_EQ(signal_number(signal_name(number)), number);
    }
}

TEST(SignalNumber, NoneForWhatIsNoSignal) {
    for (const char* word : {"", "SIG", "kill", "0", "65", "-1", "9 ", "SIGSIGKILL"}) {
        EXPECT_EQ(signal_number(word), 0U) << word;
    }
}

}  // namespace
}  // namespace tally
