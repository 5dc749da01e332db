// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/types.h>

namespace tally {

/// What a run still does once all its probes are attached, beside reading its maps and iterators
/// and writing to what is open.
struct StillNeeded {
    bool names = false;  ///< of containers: from files that only root may read
    pid_t command = -1;  ///< gets signals; -1: there is none
};

/// Gives up every other right of this process, for good (docs/privileges.md): capabilities, the
/// user root, programs that are made of more rights than their caller's, and with
/// limit_system_calls() most of what the kernel offers. What is left of the capabilities, as far as
/// it was there: CAP_DAC_READ_SEARCH for names, CAP_KILL for a command, CAP_BPF on kernels where
/// nothing of bpf(2) is to be had without.
///
/// To be called once, with one thread, after all that needs rights: opening files for writing,
/// attaching, making processes. Throws Error.
void give_up_privileges(const StillNeeded& needed);

}  // namespace tally
