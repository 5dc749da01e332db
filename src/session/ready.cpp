// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/ready.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "util/error.h"

namespace tally {

void announce_ready(int fd) {
    // A reader that has closed its end does not want it any more.
    constexpr std::string_view kReady = "ready\n";
    if (::write(fd, kReady.data(), kReady.size()) < 0 && errno != EPIPE) {
        throw Error("--ready-fd {}: {}", fd, std::strerror(errno));
    }
    ::close(fd);
}

}  // namespace tally
