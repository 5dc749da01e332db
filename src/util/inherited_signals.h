// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

namespace tally {

/// Remembers how signals were set when the program began: first of all in main(), before any of it
/// is changed.
void remember_signals();

/// Sets them as they were, in a process that is to become another program: what it finds ignored or
/// blocked stays so after execve(2).
void restore_signals();

}  // namespace tally
