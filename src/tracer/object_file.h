// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

namespace tally {

/// The bytes of a BPF object in a file, for a Tracer. Never blocks. Throws UsageError if there is
/// no such file, Error if it cannot be read, is not a regular file or has more than 64 MiB.
std::string read_object_file(const std::string& path);

/// The name of a tracer from a file: "mine" for "/tmp/mine.bpf.o". For the path of a file, any
/// bytes but NUL and '/', never empty.
std::string tracer_name(const std::string& path);

}  // namespace tally
