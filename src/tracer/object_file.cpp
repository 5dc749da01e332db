// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/object_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "util/error.h"
#include "util/read_file.h"

namespace tally {
namespace {

constexpr std::size_t kMostMebibytes = 64;  // runqlat's object has 0.1

}  // namespace

std::string read_object_file(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            throw UsageError("there is no file '{}'", path);
        }
        throw Error("cannot read '{}': {}", path, std::strerror(errno));
    }
    auto bytes = read_file(path, kMostMebibytes << 20);
    if (!bytes) {
        throw Error("'{}' is not a BPF object: it must be a regular file of at most {} MiB", path,
                    kMostMebibytes);
    }
    return *std::move(bytes);
}

std::string tracer_name(const std::string& path) {
    const std::string_view file = std::string_view(path).substr(path.rfind('/') + 1);
    for (const std::string_view ending : {".bpf.o", ".o"}) {
        if (file.ends_with(ending) && file.size() > ending.size()) {
            return std::string(file.substr(0, file.size() - ending.size()));
        }
    }
    return std::string(file.empty() ? path : file);
}

}  // namespace tally
