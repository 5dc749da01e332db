// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace tally {

/// Reads a whole file that somebody else may have written. Follows symbolic links, but never
/// blocks and reads regular files only: a fifo, a device or a directory gives nothing, and so does
/// a file of more than `most` bytes or one that vanishes while it is read. Nothing else is even
/// opened, not if somebody exchanges files at that moment either. Needs /proc. `is_wanted` may
/// refuse the file that is about to be read, by its status.
std::optional<std::string> read_file(const std::string& path, std::size_t most,
                                     const std::function<bool(const struct stat&)>& is_wanted = {});

/// For the short files of /proc and /sys, which have no size of their own: at most 64 KiB.
std::optional<std::string> read_kernel_file(const std::string& path);

}  // namespace tally
