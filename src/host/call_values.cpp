// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/call_values.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include <csignal>
#include <cstring>
#include <iterator>
#include <span>

#include "wire.h"

namespace tally {
namespace {

struct Flag {
    std::uint32_t bits;
    const char* name;
};

/// Names of several bits come before names of one of them. O_LARGEFILE has the kernel's value: it
/// is 0 in a 64-bit libc, but 32-bit programs set it.
constexpr Flag kOpenFlags[] = {
    {O_CREAT, "O_CREAT"},         {O_EXCL, "O_EXCL"},         {O_NOCTTY, "O_NOCTTY"},
    {O_TRUNC, "O_TRUNC"},         {O_APPEND, "O_APPEND"},     {O_NONBLOCK, "O_NONBLOCK"},
    {O_SYNC, "O_SYNC"},           {O_DSYNC, "O_DSYNC"},       {O_ASYNC, "O_ASYNC"},
    {O_DIRECT, "O_DIRECT"},       {0100000, "O_LARGEFILE"},   {O_TMPFILE, "O_TMPFILE"},
    {O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"},
    {O_CLOEXEC, "O_CLOEXEC"},     {O_PATH, "O_PATH"},
};

/// MS_NOSYMFOLLOW, MOVE_MOUNT_BENEATH, AT_RECURSIVE and CLONE_NEWTIME as numbers: older headers
/// lack them.
constexpr Flag kMountFlags[] = {
    {MS_RDONLY, "MS_RDONLY"},
    {MS_NOSUID, "MS_NOSUID"},
    {MS_NODEV, "MS_NODEV"},
    {MS_NOEXEC, "MS_NOEXEC"},
    {MS_SYNCHRONOUS, "MS_SYNCHRONOUS"},
    {MS_REMOUNT, "MS_REMOUNT"},
    {MS_MANDLOCK, "MS_MANDLOCK"},
    {MS_DIRSYNC, "MS_DIRSYNC"},
    {256, "MS_NOSYMFOLLOW"},
    {MS_NOATIME, "MS_NOATIME"},
    {MS_NODIRATIME, "MS_NODIRATIME"},
    {MS_BIND, "MS_BIND"},
    {MS_MOVE, "MS_MOVE"},
    {MS_REC, "MS_REC"},
    {MS_SILENT, "MS_SILENT"},
    {MS_POSIXACL, "MS_POSIXACL"},
    {MS_UNBINDABLE, "MS_UNBINDABLE"},
    {MS_PRIVATE, "MS_PRIVATE"},
    {MS_SLAVE, "MS_SLAVE"},
    {MS_SHARED, "MS_SHARED"},
    {MS_RELATIME, "MS_RELATIME"},
    {MS_KERNMOUNT, "MS_KERNMOUNT"},
    {MS_I_VERSION, "MS_I_VERSION"},
    {MS_STRICTATIME, "MS_STRICTATIME"},
    {MS_LAZYTIME, "MS_LAZYTIME"},
};
constexpr Flag kUmountFlags[] = {
    {MNT_FORCE, "MNT_FORCE"},
    {MNT_DETACH, "MNT_DETACH"},
    {MNT_EXPIRE, "MNT_EXPIRE"},
    {UMOUNT_NOFOLLOW, "UMOUNT_NOFOLLOW"},
};
constexpr Flag kMoveMountFlags[] = {
    {MOVE_MOUNT_F_SYMLINKS, "MOVE_MOUNT_F_SYMLINKS"},
    {MOVE_MOUNT_F_AUTOMOUNTS, "MOVE_MOUNT_F_AUTOMOUNTS"},
    {MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"},
    {MOVE_MOUNT_T_SYMLINKS, "MOVE_MOUNT_T_SYMLINKS"},
    {MOVE_MOUNT_T_AUTOMOUNTS, "MOVE_MOUNT_T_AUTOMOUNTS"},
    {MOVE_MOUNT_T_EMPTY_PATH, "MOVE_MOUNT_T_EMPTY_PATH"},
    {MOVE_MOUNT_SET_GROUP, "MOVE_MOUNT_SET_GROUP"},
    {0x200, "MOVE_MOUNT_BENEATH"},
};
constexpr Flag kFsopenFlags[] = {
    {FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"},
};
constexpr Flag kFsmountFlags[] = {
    {FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"},
};
constexpr Flag kFspickFlags[] = {
    {FSPICK_CLOEXEC, "FSPICK_CLOEXEC"},
    {FSPICK_SYMLINK_NOFOLLOW, "FSPICK_SYMLINK_NOFOLLOW"},
    {FSPICK_NO_AUTOMOUNT, "FSPICK_NO_AUTOMOUNT"},
    {FSPICK_EMPTY_PATH, "FSPICK_EMPTY_PATH"},
};
constexpr Flag kOpenTreeFlags[] = {
    {OPEN_TREE_CLONE, "OPEN_TREE_CLONE"},
    {OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"},
    {AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
    {AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"},
    {AT_EMPTY_PATH, "AT_EMPTY_PATH"},
    {0x8000, "AT_RECURSIVE"},
};
constexpr Flag kSetattrFlags[] = {
    {AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
    {AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"},
    {AT_EMPTY_PATH, "AT_EMPTY_PATH"},
    {0x8000, "AT_RECURSIVE"},
    {MS_UNBINDABLE, "MS_UNBINDABLE"},
    {MS_PRIVATE, "MS_PRIVATE"},
    {MS_SLAVE, "MS_SLAVE"},
    {MS_SHARED, "MS_SHARED"},
};
constexpr Flag kMountAttributes[] = {
    {MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY"},
    {MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID"},
    {MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV"},
    {MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC"},
    {MOUNT_ATTR__ATIME, "MOUNT_ATTR__ATIME"},
    {MOUNT_ATTR_NOATIME, "MOUNT_ATTR_NOATIME"},
    {MOUNT_ATTR_STRICTATIME, "MOUNT_ATTR_STRICTATIME"},
    {MOUNT_ATTR_NODIRATIME, "MOUNT_ATTR_NODIRATIME"},
    {MOUNT_ATTR_IDMAP, "MOUNT_ATTR_IDMAP"},
    {MOUNT_ATTR_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW"},
};
constexpr Flag kCloneFlags[] = {
    {CLONE_NEWNS, "CLONE_NEWNS"},     {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"},
    {CLONE_NEWUTS, "CLONE_NEWUTS"},   {CLONE_NEWIPC, "CLONE_NEWIPC"},
    {CLONE_NEWUSER, "CLONE_NEWUSER"}, {CLONE_NEWPID, "CLONE_NEWPID"},
    {CLONE_NEWNET, "CLONE_NEWNET"},   {0x80, "CLONE_NEWTIME"},
    {CLONE_FS, "CLONE_FS"},           {CLONE_FILES, "CLONE_FILES"},
    {CLONE_SYSVSEM, "CLONE_SYSVSEM"}, {CLONE_THREAD, "CLONE_THREAD"},
    {CLONE_SIGHAND, "CLONE_SIGHAND"}, {CLONE_VM, "CLONE_VM"},
};

constexpr const char* kFsconfigCommands[] = {
    "FSCONFIG_SET_FLAG",   "FSCONFIG_SET_STRING",      "FSCONFIG_SET_BINARY",
    "FSCONFIG_SET_PATH",   "FSCONFIG_SET_PATH_EMPTY",  "FSCONFIG_SET_FD",
    "FSCONFIG_CMD_CREATE", "FSCONFIG_CMD_RECONFIGURE", "FSCONFIG_CMD_CREATE_EXCL",
};

std::span<const Flag> names_of(std::uint32_t set) {
    switch (set) {
        case TALLY_MOUNT_FLAGS:
            return kMountFlags;
        case TALLY_UMOUNT_FLAGS:
            return kUmountFlags;
        case TALLY_MOVE_MOUNT_FLAGS:
            return kMoveMountFlags;
        case TALLY_FSOPEN_FLAGS:
            return kFsopenFlags;
        case TALLY_FSMOUNT_FLAGS:
            return kFsmountFlags;
        case TALLY_FSPICK_FLAGS:
            return kFspickFlags;
        case TALLY_OPEN_TREE_FLAGS:
            return kOpenTreeFlags;
        case TALLY_SETATTR_FLAGS:
            return kSetattrFlags;
        case TALLY_MOUNT_ATTRIBUTES:
            return kMountAttributes;
        case TALLY_CLONE_FLAGS:
            return kCloneFlags;
    }
    return {};
}

/// Adds the names of bits; those without one as a number.
void add_names(std::string& text, std::span<const Flag> names, std::uint32_t bits) {
    const auto add = [&](const std::string& name) { text += (text.empty() ? "" : "|") + name; };
    for (const Flag& each : names) {
        if ((bits & each.bits) == each.bits) {
            add(each.name);
            bits &= ~each.bits;
        }
    }
    if (bits != 0) {
        add(fmt::format("{:#x}", bits));
    }
}

/// By their numbers (linux/capability.h, where they are macros).
constexpr const char* kCapabilities[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};
static_assert(std::size(kCapabilities) > CAP_LAST_CAP);

}  // namespace

std::string signal_name(std::uint32_t number) {
    const int signal = static_cast<int>(number);
    if (const char* name = ::sigabbrev_np(signal)) {
        return std::string("SIG") + name;
    }
    if (signal == SIGRTMIN) {
        return "SIGRTMIN";
    }
    return signal > SIGRTMIN && signal <= SIGRTMAX ? fmt::format("SIGRTMIN+{}", signal - SIGRTMIN)
                                                   : fmt::format("SIG{}", number);
}

std::uint32_t signal_number(const std::string& name) {
    const std::uint32_t last = static_cast<std::uint32_t>(SIGRTMAX);
    for (std::uint32_t number = 1; number <= last; ++number) {
        const std::string known = signal_name(number);
        if (name == known || "SIG" + name == known || name == std::to_string(number)) {
            return number;
        }
    }
    return 0;
}

std::vector<std::string> signal_names() {
    std::vector<std::string> names;
    for (std::uint32_t number = 1; number <= static_cast<std::uint32_t>(SIGRTMAX); ++number) {
        if (number < 32 || number >= static_cast<std::uint32_t>(SIGRTMIN)) {
            names.push_back(signal_name(number));
        }
    }
    return names;
}

std::string capability_name(std::uint32_t number) {
    return number < std::size(kCapabilities) ? std::string("CAP_") + kCapabilities[number]
                                             : fmt::format("CAP_{}", number);
}

std::string open_flags_text(std::uint32_t flags) {
    constexpr const char* kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    std::string text = kAccess[flags & O_ACCMODE];
    add_names(text, kOpenFlags, flags & ~std::uint32_t{O_ACCMODE});
    return text;
}

std::string named_flags_text(std::uint32_t set, std::uint32_t bits) {
    std::string text;
    if (set == TALLY_FSCONFIG_COMMAND && bits < std::size(kFsconfigCommands)) {
        return kFsconfigCommands[bits];
    }
    // Before Linux 2.4, the flags of mount included a magic number; some programs still pass it.
    constexpr std::uint32_t kMagic = 0xc0ed0000, kMagicMask = 0xffff0000;
    if (set == TALLY_MOUNT_FLAGS && (bits & kMagicMask) == kMagic) {
        bits &= ~kMagicMask;
    }
    add_names(text, names_of(set), bits);
    return text.empty() ? "0" : text;
}

std::string file_mode_text(std::uint32_t mode) {
    return fmt::format("{:04o}", mode);
}

}  // namespace tally
