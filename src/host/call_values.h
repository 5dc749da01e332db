// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Names of the numbers in arguments of system calls, on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tally {

/// "SIGKILL"; "SIGRTMIN+3"; "SIG32" for one without a name.
std::string signal_name(std::uint32_t number);

/// The number of a signal, from its name as returned by signal_name(), with or without "SIG", or
/// from its number. 0: there is no such signal.
std::uint32_t signal_number(const std::string& name);

/// The names of all signals that have one.
std::vector<std::string> signal_names();

/// "CAP_SYS_ADMIN"; "CAP_63" for one without a name.
std::string capability_name(std::uint32_t number);

/// "O_RDWR|O_CREAT|O_CLOEXEC"; bits without a name as one number: "O_RDONLY|0x80000000".
std::string open_flags_text(std::uint32_t flags);

/// "MS_NOSUID|MS_REC", and bits without a name as one number; "0" for none. `set` selects the
/// names: one of the sets in bpf/include/wire.h.
std::string named_flags_text(std::uint32_t set, std::uint32_t bits);

/// "0644"
std::string file_mode_text(std::uint32_t mode);

}  // namespace tally
