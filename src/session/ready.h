// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

namespace tally {

/// --ready-fd: reports to the reader at the other end that everything is attached, and closes the
/// descriptor. Throws Error.
void announce_ready(int fd);

}  // namespace tally
