// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>

namespace tally {

/// Reads a whole file that somebody else may have written. Follows symbolic links, but never
/// blocks and reads regular files only: a fifo, a device or a directory gives nothing, and so does
/// a file of more than `most` bytes or one that vanishes while it is read. Nothing else is even
/// opened, not if somebody exchanges files at that moment either. Needs /proc. `status_read`: of
/// the file that was read, from before the first byte.
std::optional<std::string> read_file(const std::string& path, std::size_t most,
                                     struct stat* status_read = nullptr);

/// For the short files of /proc and /sys, which have no size of their own: at most 64 KiB.
std::optional<std::string> read_kernel_file(const std::string& path);

}  // namespace tally
