// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "output/make_sink.h"

namespace tally {
namespace {

std::string_view ending_of(Format format) {
    return format == Format::json ? ".json" : format == Format::csv ? ".csv" : ".txt";
}

}  // namespace

bool is_output_folder(const std::string& path) {
    struct stat status {};
    return path.ends_with('/') || (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
}

Outputs::Outputs(const Request& request, std::span<const std::string> tools)
    : errors_(STDERR_FILENO, "stderr", OutputFile::Failures::ignored) {
    const auto& path = request.output_file;
    TextOptions text = request.text;
    if (!path) {
        files_.push_back(std::make_unique<OutputFile>(STDOUT_FILENO, "stdout"));
    } else if (!is_output_folder(*path)) {
        files_.push_back(std::make_unique<OutputFile>(OutputFile::create(*path)));
    } else {
        const std::string folder = path->ends_with('/') ? *path : *path + '/';
        for (const std::string& each : tools) {
            files_.push_back(std::make_unique<OutputFile>(
                OutputFile::create(folder + each + std::string(ending_of(request.format)))));
        }
    }
    text.names_tools = files_.size() < tools.size();
    for (const auto& each : files_) {
        sinks_.push_back(make_sink(request.format, text, *each, errors_));
    }
}

std::vector<int> Outputs::fds() const {
    std::vector<int> all;
    for (const auto& each : files_) {
        all.push_back(each->fd());
    }
    return all;
}

void Outputs::give_up_when_readable(int fd, const std::function<bool()>& is_final) {
    for (const auto& each : files_) {
        each->give_up_when_readable(fd, is_final);
    }
}

}  // namespace tally
