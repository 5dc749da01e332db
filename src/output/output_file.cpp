// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "util/error.h"

namespace tally {

OutputFile::OutputFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

OutputFile OutputFile::create(const std::string& path) {
    FileDescriptor created(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!created) {
        throw Error("cannot create {}: {}", path, std::strerror(errno));
    }
    OutputFile file(created.get(), path);
    file.owned_ = std::move(created);
    return file;
}

void OutputFile::flush() {
    std::size_t written = 0;
    while (written < buffer_.size()) {
        const ssize_t wrote = ::write(fd_, buffer_.data() + written, buffer_.size() - written);
        if (wrote >= 0) {
            written += static_cast<std::size_t>(wrote);
            continue;
        }
        const int error = errno;
        if (error == EINTR) {
            continue;
        }
        if (error == EAGAIN) {
            // Somebody else made the terminal or the pipe that we share with him non-blocking.
            pollfd ready{fd_, POLLOUT, 0};
            ::poll(&ready, 1, -1);
            continue;
        }
        // What is out must not be written twice, and what is not has nowhere to go.
        buffer_.clear();
        if (error == EPIPE) {
            throw ClosedPipe();
        }
        throw Error("cannot write to {}: {}", name_, std::strerror(error));
    }
    buffer_.clear();
}

}  // namespace tally
