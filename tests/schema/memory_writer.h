// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "output/writer.h"
#include "util/file_descriptor.h"

namespace tally {

/// A writer as a run has it, whose output stays in memory.
class MemoryWriter {
  public:
    explicit MemoryWriter(Format format)
        : file_(::memfd_create("out", MFD_CLOEXEC)),
          out_(file_.get(), "stdout"),
          errors_(-1, "stderr", OutputFile::Failures::ignored),
          writer_(make_writer(format, {}, out_, errors_)) {}

    Writer& writer() { return *writer_; }

    /// What was written so far.
    std::vector<std::string> lines() {
        writer_->flush();
        std::vector<std::string> lines(1);
        char byte = 0;
        for (off_t at = 0; ::pread(file_.get(), &byte, 1, at) == 1; ++at) {
            if (byte == '\n') {
                lines.emplace_back();
            } else {
                lines.back() += byte;
            }
        }
        lines.pop_back();
        return lines;
    }

  private:
    FileDescriptor file_;
    OutputFile out_;
    OutputFile errors_;
    std::unique_ptr<Writer> writer_;
};

}  // namespace tally
