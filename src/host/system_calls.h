// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// The name of a system call, "read"; `number` as in syscall_nr of bpf/include/types.bpf.h. A call
/// has the same name in all tables. "syscall_471", or "syscall32_471", if it has none; "unknown"
/// for all numbers that are in no table.
std::string syscall_name(std::uint32_t number);

/// The names of the calls in the machine's own table.
std::vector<std::string> syscall_names();

/// The numbers of a system call in all tables, from its name (as syscall_name() gives it) or its
/// number in the machine's own table. Empty: there is none.
std::vector<std::uint32_t> syscall_numbers(std::string_view name_or_number);

/// Whether a call is meant to take long: it sleeps or waits for others (epoll_wait, futex,
/// nanosleep). Its duration says nothing about the kernel.
bool waits_by_nature(std::string_view syscall);

/// The numbers of these calls, in all tables.
std::vector<std::uint32_t> waiting_calls();

/// "ENOENT"; includes errors that only the kernel sees (ERESTARTSYS); "E4000" if it is unknown.
std::string error_name(std::uint32_t number);

}  // namespace tally
