// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/system_calls.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "wire.h"

namespace tally {
namespace {

struct Named {
    std::uint32_t number;
    std::string_view name;
};

/// From here on a number means the same in all tables.
constexpr std::uint32_t kSameInAllTables = 424;

/// Calls that libseccomp 2.5.4 does not know. The first two are of the 64-bit table only. Since 5.1
/// a new call has the same number in all tables (include/uapi/asm-generic/unistd.h and
/// arch/x86/entry/syscalls).
constexpr std::array kLater{
    Named{335, "uretprobe"},         Named{336, "uprobe"},
    Named{451, "cachestat"},         Named{452, "fchmodat2"},
    Named{453, "map_shadow_stack"},  Named{454, "futex_wake"},
    Named{455, "futex_wait"},        Named{456, "futex_requeue"},
    Named{457, "statmount"},         Named{458, "listmount"},
    Named{459, "lsm_get_self_attr"}, Named{460, "lsm_set_self_attr"},
    Named{461, "lsm_list_modules"},  Named{462, "mseal"},
    Named{463, "setxattrat"},        Named{464, "getxattrat"},
    Named{465, "listxattrat"},       Named{466, "removexattrat"},
    Named{467, "open_tree_attr"},    Named{468, "file_getattr"},
    Named{469, "file_setattr"},
};

/// All numbers that are in no table.
constexpr std::string_view kUnknown = "unknown";

/// The form of a lower number without a name, in output and input.
constexpr std::string_view kNameless = "syscall_";
constexpr std::string_view kNameless32 = "syscall32_";

/// Errors that a call returns only inside the kernel, to be restarted or to become EINTR
/// (include/linux/errno.h).
constexpr std::array kInternal{
    Named{512, "ERESTARTSYS"},
    Named{513, "ERESTARTNOINTR"},
    Named{514, "ERESTARTNOHAND"},
    Named{515, "ENOIOCTLCMD"},
    Named{516, "ERESTART_RESTARTBLOCK"},
    Named{517, "EPROBE_DEFER"},
    Named{518, "EOPENSTALE"},
    Named{519, "ENOPARAM"},
    Named{521, "EBADHANDLE"},
    Named{522, "ENOTSYNC"},
    Named{523, "EBADCOOKIE"},
    Named{524, "ENOTSUPP"},
    Named{525, "ETOOSMALL"},
    Named{526, "ESERVERFAULT"},
    Named{527, "EBADTYPE"},
    Named{528, "EJUKEBOX"},
    Named{529, "EIOCBQUEUED"},
    Named{530, "ERECALLCONFLICT"},
};

/// In alphabetical order.
constexpr std::array kWaiting = std::to_array<std::string_view>({"_newselect",
                                                                 "accept",
                                                                 "accept4",
                                                                 "clock_nanosleep",
                                                                 "clock_nanosleep_time64",
                                                                 "epoll_pwait",
                                                                 "epoll_pwait2",
                                                                 "epoll_wait",
                                                                 "epoll_wait_old",
                                                                 "futex",
                                                                 "futex_time64",
                                                                 "futex_wait",
                                                                 "futex_waitv",
                                                                 "io_getevents",
                                                                 "io_pgetevents",
                                                                 "io_pgetevents_time64",
                                                                 "io_uring_enter",
                                                                 "mq_timedreceive",
                                                                 "mq_timedreceive_time64",
                                                                 "msgrcv",
                                                                 "nanosleep",
                                                                 "pause",
                                                                 "poll",
                                                                 "ppoll",
                                                                 "ppoll_time64",
                                                                 "pselect6",
                                                                 "pselect6_time64",
                                                                 "restart_syscall",
                                                                 "rt_sigsuspend",
                                                                 "rt_sigtimedwait",
                                                                 "rt_sigtimedwait_time64",
                                                                 "select",
                                                                 "sigsuspend",
                                                                 "wait4",
                                                                 "waitid",
                                                                 "waitpid"});

std::uint32_t architecture_of(std::uint32_t number) {
    return (number & TALLY_SYSCALL_32) != 0 ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64;
}

template <std::size_t size>
std::string_view find(const std::array<Named, size>& table, std::uint32_t number) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Named& each) { return each.number == number; });
    return found == table.end() ? std::string_view() : found->name;
}

}  // namespace

std::string syscall_name(std::uint32_t number) {
    if (number == TALLY_SYSCALL_UNKNOWN) {
        return std::string(kUnknown);
    }
    const std::uint32_t plain = number & ~TALLY_SYSCALL_32;
    const std::unique_ptr<char, decltype(&std::free)> name(
        ::seccomp_syscall_resolve_num_arch(architecture_of(number), static_cast<int>(plain)),
        &std::free);
    if (name) {
        return name.get();
    }
    if (const std::string_view later = find(kLater, plain); !later.empty()) {
        return std::string(later);
    }
    return fmt::format("{}{}", plain == number ? kNameless : kNameless32, plain);
}

std::vector<std::string> syscall_names() {
    std::vector<std::string> names;
    for (std::uint32_t number = 0; number <= kLater.back().number; ++number) {
        std::string name = syscall_name(number);
        if (!name.starts_with("syscall_")) {  // a gap in the table
            names.push_back(std::move(name));
        }
    }
    return names;
}

std::vector<std::uint32_t> syscall_numbers(std::string_view name_or_number) {
    if (name_or_number == kUnknown) {
        return {TALLY_SYSCALL_UNKNOWN};
    }
    std::uint32_t table = 0;
    std::string_view digits = name_or_number;
    if (digits.starts_with(kNameless)) {
        digits.remove_prefix(kNameless.size());
    } else if (digits.starts_with(kNameless32)) {
        digits.remove_prefix(kNameless32.size());
        table = TALLY_SYSCALL_32;
    }
    std::uint32_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [parsed, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc() && parsed == end && number < TALLY_SYSCALL_UNKNOWN) {
        return {number | table};
    }
    for (const Named& each : kLater) {
        if (each.name == name_or_number) {
            return each.number < kSameInAllTables
                       ? std::vector<std::uint32_t>{each.number}
                       : std::vector<std::uint32_t>{each.number, each.number | TALLY_SYSCALL_32};
        }
    }
    std::vector<std::uint32_t> numbers;
    const std::string name(name_or_number);
    for (const std::uint32_t each : {0U, TALLY_SYSCALL_32}) {
        // Negative: not in this table, or (below -1) in others only.
        const int found = ::seccomp_syscall_resolve_name_arch(architecture_of(each), name.c_str());
        if (found >= 0) {
            numbers.push_back(static_cast<std::uint32_t>(found) | each);
        }
    }
    return numbers;
}

bool waits_by_nature(std::string_view syscall) {
    return std::binary_search(kWaiting.begin(), kWaiting.end(), syscall);
}

std::vector<std::uint32_t> waiting_calls() {
    std::vector<std::uint32_t> numbers;
    for (const std::string_view name : kWaiting) {
        const std::vector<std::uint32_t> found = syscall_numbers(name);
        numbers.insert(numbers.end(), found.begin(), found.end());
    }
    return numbers;
}

std::string error_name(std::uint32_t number) {
    if (const char* name = ::strerrorname_np(static_cast<int>(number))) {
        return name;
    }
    const std::string_view internal = find(kInternal, number);
    return internal.empty() ? fmt::format("E{}", number) : std::string(internal);
}

}  // namespace tally
