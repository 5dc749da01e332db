// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

namespace tally {

/// What a run still does once all its probes are attached, besides reading its maps and iterators
/// and writing to open files.
struct StillNeeded {
    bool names = false;  ///< reads those of containers, from files that only root may read
    pid_t command = -1;  ///< gets signals; -1: there is none
};

/// Gives up every other right of this process, for good (docs/privileges.md): capabilities, the
/// user root, running programs with more rights than their caller's, and with limit_system_calls()
/// most system calls. Capabilities that are kept, if the process had them: CAP_DAC_READ_SEARCH for
/// names, CAP_KILL for a command, and on kernels where bpf(2) allows nothing without it, CAP_BPF
/// (CAP_SYS_ADMIN if there was no CAP_BPF).
///
/// Call it once, with one thread, after everything that needs rights: opening files for writing,
/// attaching, creating processes. Throws Error.
void give_up_privileges(const StillNeeded& needed);

}  // namespace tally
