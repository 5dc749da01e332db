// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

namespace tally {

/// From now on this process may make only the system calls that are needed for reading, waiting and
/// writing to open files, and of bpf(2) only use the elements of maps and read iterators. It cannot
/// run programs, create processes or threads, use sockets, open files for writing, or send signals
/// except to process `command` (-1: none) and to itself. All other calls fail with ENOSYS. Throws
/// Error.
void limit_system_calls(pid_t command);

}  // namespace tally
