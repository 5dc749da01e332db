// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "util/error.h"

namespace tally {

/// Why the kernel refused to load an object, in one sentence with what helps: from the negative
/// `error` of bpf_object__load() and from the log (tracer/libbpf_log.h). `lockable`: see MapBudget.
Error load_failure(const std::string& name, int error, std::optional<std::uint64_t> lockable);

}  // namespace tally
