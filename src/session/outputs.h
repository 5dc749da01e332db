// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "output/output_file.h"
#include "output/sink.h"
#include "session/request.h"

namespace tally {

/// Whether -O names a folder, in which each tool writes a file of its own: the path ends in '/' or
/// is that of a directory.
bool is_output_folder(const std::string& path);

/// Where a session writes: all tracers to one place, or each to FOLDER/TOOL.json, .csv or .txt.
class Outputs {
  public:
    /// `tools`: the names of the tracers. Creates the files. Throws Error.
    Outputs(const Request& request, std::span<const std::string> tools);
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;

    /// That of a tracer, by its place in the request.
    Sink& sink_of(std::size_t tracer) { return *sinks_[sinks_.size() == 1 ? 0 : tracer]; }

    /// Of all places.
    std::vector<int> fds() const;

    /// As OutputFile::give_up_when_readable(), for all places.
    void give_up_when_readable(int fd, const std::function<bool()>& is_final);

  private:
    OutputFile errors_;
    std::vector<std::unique_ptr<OutputFile>> files_;
    std::vector<std::unique_ptr<Sink>> sinks_;  ///< one for each of them
};

}  // namespace tally
