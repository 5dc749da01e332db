// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <map>
#include <string>

#include "host/kernel_hooks.h"

namespace tally {

/// Makes set_function_targets() work for objects that are opened afterwards.
void handle_function_sections();

/// From now on programs of these sections ("fentry/vfs_read") are loaded for these functions
/// without asking libbpf to find them: it searches the types of the kernel and of all its modules
/// by name, once for each program, which takes longer for fsdist's programs than everything else
/// together.
void set_function_targets(const std::map<std::string, FunctionTarget>& targets);

}  // namespace tally
