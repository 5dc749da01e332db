// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What the numbers in the arguments of system calls are called on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tally {

/// "SIGKILL"; "SIGRTMIN+3"; "SIG32" for one that has no name.
std::string signal_name(std::uint32_t number);

/// The number of a signal, by the name that signal_name() gives it, or that without "SIG", or as a
/// number. 0: there is no such signal.
std::uint32_t signal_number(const std::string& name);

/// Of all signals that have one.
std::vector<std::string> signal_names();

/// "CAP_SYS_ADMIN"; "CAP_63" for one that has no name.
std::string capability_name(std::uint32_t number);

/// "O_RDWR|O_CREAT|O_CLOEXEC"; bits that have no name as one number: "O_RDONLY|0x80000000".
std::string open_flags_text(std::uint32_t flags);

/// "MS_NOSUID|MS_REC", and what has no name as one number; "0" for none. `set` says which names
/// they have: one of those of bpf/include/wire.h.
std::string named_flags_text(std::uint32_t set, std::uint32_t bits);

/// "0644"
std::string file_mode_text(std::uint32_t mode);

}  // namespace tally
