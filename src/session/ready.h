// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

namespace tally {

/// --ready-fd: tells whoever has the other end that everything is attached, and closes it. Throws
/// Error.
void announce_ready(int fd);

}  // namespace tally
