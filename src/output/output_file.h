// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "util/file_descriptor.h"

namespace tally {

/// The reader of the output has closed it (EPIPE). Not a failure: the run ends with status ok.
class ClosedPipe : public std::runtime_error {
  public:
    ClosedPipe() : std::runtime_error("closed pipe") {}
};

/// A file descriptor for output, buffered until flush().
class OutputFile {
  public:
    /// How a failure to write is handled: thrown or, for messages beside the data, ignored.
    enum class Failures { thrown, ignored };

    /// Writes to `fd`, which the caller keeps and closes. `name` is for error messages: "stdout".
    OutputFile(int fd, std::string name, Failures failures = Failures::thrown);

    /// Creates or truncates `path`. Throws Error.
    static OutputFile create(const std::string& path);

    OutputFile(OutputFile&&) = default;

    void append(std::string_view text) { buffer_.append(text); }

    /// Writes out the buffer if it is large, so that memory does not grow with the size of a report
    /// or a stream.
    void flush_if_large() {
        if (buffer_.size() >= kLarge) {
            flush();
        }
    }

    /// From now on, if `fd` becomes readable while the reader of this file does not read, and
    /// `is_final` returns true, the reader has one more second; then it counts as gone. Without
    /// this, a full pipe blocks for ever. `is_final` must eventually return true, or make `fd`
    /// unreadable.
    void give_up_when_readable(int fd, std::function<bool()> is_final) {
        interrupt_ = fd;
        is_final_ = std::move(is_final);
    }

    /// Writes out everything appended so far. Throws ClosedPipe if the reader (or the terminal) has
    /// gone, Error
    /// ("cannot write to NAME: No space left on device") for anything else.
    void flush();

    int fd() const { return fd_; }

  private:
    static constexpr std::size_t kLarge = 256 * 1024;

    FileDescriptor owned_;
    void wait_until_writable();

    int fd_;
    int interrupt_ = -1;
    std::function<bool()> is_final_;
    bool terminal_;
    bool regular_;
    Failures failures_;
    std::string name_;
    std::string buffer_;
};

}  // namespace tally
