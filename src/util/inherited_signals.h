// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

namespace tally {

/// Saves the signal dispositions and mask that the program was started with; call it first in
/// main(), before they are changed.
void remember_signals();

/// Restores them in a process that is about to become another program: ignored and blocked signals
/// stay so after execve(2).
void restore_signals();

}  // namespace tally
