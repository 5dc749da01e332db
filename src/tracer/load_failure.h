// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "util/error.h"

namespace tally {

/// Why the kernel has refused to load an object, in one sentence with what helps: from the `error`
/// of bpf_object__load(), negative, and what was logged (tracer/libbpf_log.h). `lockable`: see
/// MapBudget.
Error load_failure(const std::string& name, int error, std::optional<std::uint64_t> lockable);

}  // namespace tally
