// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "util/file_descriptor.h"

namespace tally {

/// The reader of our output has gone (EPIPE). Not a failure: the run ends with status ok.
class ClosedPipe : public std::runtime_error {
  public:
    ClosedPipe() : std::runtime_error("closed pipe") {}
};

/// A file descriptor that is written to, buffered until flush().
class OutputFile {
  public:
    /// What becomes of a failure to write: thrown, or, for what stands beside the data, forgotten.
    enum class Failures { thrown, ignored };

    /// Writes to `fd`, which stays the caller's. `name` is for error messages: "stdout".
    OutputFile(int fd, std::string name, Failures failures = Failures::thrown);

    /// Creates or truncates `path`. Throws Error.
    static OutputFile create(const std::string& path);

    OutputFile(OutputFile&&) = default;

    void append(std::string_view text) { buffer_.append(text); }

    /// From now on, when `fd` is readable while the reader of this file does not read, he gets one
    /// more second; then he counts as gone. Without this, a full pipe blocks for ever.
    void give_up_when_readable(int fd) { interrupt_ = fd; }

    /// Writes out everything appended so far. Throws ClosedPipe if the reader (or the terminal) has
    /// gone, Error
    /// ("cannot write to NAME: No space left on device") for anything else.
    void flush();

    int fd() const { return fd_; }

  private:
    FileDescriptor owned_;
    void wait_until_writable();

    int fd_;
    int interrupt_ = -1;
    bool terminal_;
    Failures failures_;
    std::string name_;
    std::string buffer_;
};

}  // namespace tally
