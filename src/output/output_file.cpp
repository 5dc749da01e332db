// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "util/error.h"

namespace tally {

OutputFile::OutputFile(int fd, std::string name, Failures failures)
    : fd_(fd), terminal_(::isatty(fd) == 1), failures_(failures), name_(std::move(name)) {}

OutputFile OutputFile::create(const std::string& path) {
    FileDescriptor created(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!created) {
        throw Error("cannot create {}: {}", path, std::strerror(errno));
    }
    OutputFile file(created.get(), path);
    file.owned_ = std::move(created);
    return file;
}

void OutputFile::wait_until_writable() {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kGrace{1};
    std::optional<Clock::time_point> deadline;
    for (;;) {
        if (fd_ < 0) {
            return;  // poll(2) would pass over it
        }
        pollfd files[] = {{fd_, POLLOUT, 0}, {deadline ? -1 : interrupt_, POLLIN, 0}};
        int timeout = -1;
        if (deadline) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
            timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        }
        const int ready = ::poll(files, 2, timeout);
        if (ready < 0 && errno != EINTR) {
            return;  // write(2) will say what is wrong
        }
        if (ready > 0 && files[0].revents != 0) {
            return;
        }
        if (ready > 0) {
            deadline = Clock::now() + kGrace;
        } else if (ready == 0) {
            buffer_.clear();
            throw ClosedPipe();
        }
    }
}

void OutputFile::flush() {
    std::size_t written = 0;
    while (written < buffer_.size()) {
        wait_until_writable();
        // A pipe that is writable takes this much without blocking.
        const std::size_t most = std::min<std::size_t>(buffer_.size() - written, PIPE_BUF);
        const ssize_t wrote = ::write(fd_, buffer_.data() + written, most);
        if (wrote >= 0) {
            written += static_cast<std::size_t>(wrote);
            continue;
        }
        const int error = errno;
        if (error == EINTR) {
            continue;
        }
        if (error == EAGAIN) {
            continue;  // somebody else made the terminal or the pipe that we share non-blocking
        }
        // What is out must not be written twice, and what is not has nowhere to go.
        buffer_.clear();
        if (failures_ == Failures::ignored) {
            return;
        }
        // A terminal that was closed answers EIO.
        if (error == EPIPE || (error == EIO && terminal_)) {
            throw ClosedPipe();
        }
        throw Error("cannot write to {}: {}", name_, std::strerror(error));
    }
    buffer_.clear();
}

}  // namespace tally
