// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "util/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "util/file_descriptor.h"

namespace tally {

std::optional<std::string> read_file(const std::string& path, std::size_t most,
                                     const std::function<bool(const struct stat&)>& is_wanted) {
    // First without opening the file itself (O_PATH): opening a device may have side effects, and
    // the owner of the directory may replace the file between a stat() and an open(). Then exactly
    // that file.
    const FileDescriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (!place || ::fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        (is_wanted && !is_wanted(status))) {
        return std::nullopt;
    }
    // Files of the kernel may block although they look regular: trace_pipe.
    const std::string that_file = "/proc/self/fd/" + std::to_string(place.get());
    const FileDescriptor file(
        ::open(that_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) {
        return std::nullopt;
    }
    std::string text;
    text.reserve(std::min(static_cast<std::size_t>(status.st_size), most));
    char chunk[16384];
    for (;;) {
        const ssize_t got = ::read(file.get(), chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::nullopt;
        }
        if (got == 0) {
            return text;
        }
        if (text.size() + static_cast<std::size_t>(got) > most) {
            return std::nullopt;
        }
        text.append(chunk, static_cast<std::size_t>(got));
    }
}

std::optional<std::string> read_kernel_file(const std::string& path) {
    return read_file(path, 64 * 1024);
}

}  // namespace tally
