// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/call_values.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace tally {
namespace {

struct Flag {
    std::uint32_t bits;
    const char* name;
};

/// What has several bits stands before what has one of them. O_LARGEFILE as the kernel has it: to a
/// 64-bit libc it is 0, 32-bit programs set it.
constexpr Flag kFlags[] = {
    {O_CREAT, "O_CREAT"},         {O_EXCL, "O_EXCL"},         {O_NOCTTY, "O_NOCTTY"},
    {O_TRUNC, "O_TRUNC"},         {O_APPEND, "O_APPEND"},     {O_NONBLOCK, "O_NONBLOCK"},
    {O_SYNC, "O_SYNC"},           {O_DSYNC, "O_DSYNC"},       {O_ASYNC, "O_ASYNC"},
    {O_DIRECT, "O_DIRECT"},       {0100000, "O_LARGEFILE"},   {O_TMPFILE, "O_TMPFILE"},
    {O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"},
    {O_CLOEXEC, "O_CLOEXEC"},     {O_PATH, "O_PATH"},
};

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

std::string open_flags_text(std::uint32_t flags) {
    constexpr const char* kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    std::string text = kAccess[flags & O_ACCMODE];
    flags &= ~std::uint32_t{O_ACCMODE};
    for (const Flag& each : kFlags) {
        if ((flags & each.bits) == each.bits) {
            text += std::string("|") + each.name;
            flags &= ~each.bits;
        }
    }
    return flags == 0 ? text : text + fmt::format("|{:#x}", flags);
}

std::string file_mode_text(std::uint32_t mode) {
    return fmt::format("{:04o}", mode);
}

}  // namespace tally
