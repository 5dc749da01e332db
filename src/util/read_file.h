// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace tally {

/// Reads a whole file that may have been written by others. Follows symbolic links, but never
/// blocks and reads regular files only: returns nothing for a fifo, a device or a directory, for a
/// file of more than `most` bytes, or one that vanishes while it is read. Nothing but a regular
/// file is ever opened, even if files are exchanged at that moment. Needs /proc. `is_wanted` may
/// refuse the file that is about to be read, by its status.
std::optional<std::string> read_file(const std::string& path, std::size_t most,
                                     const std::function<bool(const struct stat&)>& is_wanted = {});

/// For the short files of /proc and /sys, which have no size of their own: at most 64 KiB.
std::optional<std::string> read_kernel_file(const std::string& path);

}  // namespace tally
