// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

namespace tally {

/// From now on this process has the system calls that reading, waiting and writing to open files
/// take, and of bpf(2) the elements of maps and the reading of iterators. No program, no process,
/// no thread, no socket, no file opened for writing, no signal but to process `command` (-1: none)
/// and to itself. All else fails with ENOSYS. Throws Error.
void limit_system_calls(pid_t command);

}  // namespace tally
