// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "util/error.h"

namespace tally {

namespace {

/// How much of `text` to write at once: a writable pipe accepts PIPE_BUF bytes without blocking,
/// all or nothing. Lines are not split, except longer ones, so that a reader that stops has not
/// seen half a line.
std::size_t whole_lines(std::string_view text) {
    if (text.size() <= PIPE_BUF) {
        return text.size();
    }
    const std::size_t end = text.substr(0, PIPE_BUF).rfind('\n');
    return end == std::string_view::npos ? PIPE_BUF : end + 1;
}

bool is_regular(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

OutputFile::OutputFile(int fd, std::string name, Failures failures)
    : fd_(fd),
      terminal_(::isatty(fd) == 1),
      regular_(is_regular(fd)),
      failures_(failures),
      name_(std::move(name)) {}

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
            if (is_final_()) {
                deadline = Clock::now() + kGrace;
            }
        } else if (ready == 0) {
            buffer_.clear();
            throw ClosedPipe();
        }
    }
}

void OutputFile::flush() {
    std::size_t written = 0;
    while (written < buffer_.size()) {
        const std::string_view rest = std::string_view(buffer_).substr(written);
        std::size_t most = rest.size();
        if (!regular_) {
            wait_until_writable();
            most = whole_lines(rest);
        }
        const ssize_t wrote = ::write(fd_, rest.data(), most);
        if (wrote >= 0) {
            written += static_cast<std::size_t>(wrote);
            continue;
        }
        const int error = errno;
        if (error == EINTR) {
            continue;
        }
        if (error == EAGAIN) {
            continue;  // another process made the shared terminal or pipe non-blocking
        }
        // What was written must not be written twice, and the rest has nowhere to go.
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
