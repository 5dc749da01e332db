// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "output/make_sink.h"
#include "util/file_descriptor.h"

namespace tally {

/// A sink as a run has it, whose output stays in memory.
class MemorySink {
  public:
    explicit MemorySink(Format format, const TextOptions& options = {})
        : out_(file_.get(), "stdout"),
          errors_(errors_file_.get(), "stderr"),
          sink_(make_sink(format, options, out_, errors_)) {}

    Sink& sink() { return *sink_; }

    /// What was written so far.
    std::string text() {
        sink_->flush();
        return content_of(file_);
    }

    /// The same, line by line.
    std::vector<std::string> lines() {
        std::vector<std::string> lines;
        std::istringstream all(text());
        for (std::string line; std::getline(all, line);) {
            lines.push_back(std::move(line));
        }
        return lines;
    }

    /// What went to stderr so far.
    std::string errors() const { return content_of(errors_file_); }

  private:
    static std::string content_of(const FileDescriptor& file) {
        std::string content(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
        const ssize_t got = ::pread(file.get(), content.data(), content.size(), 0);
        content.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return content;
    }

    FileDescriptor file_{::memfd_create("out", MFD_CLOEXEC)};
    FileDescriptor errors_file_{::memfd_create("errors", MFD_CLOEXEC)};
    OutputFile out_;
    OutputFile errors_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace tally
