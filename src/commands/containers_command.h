// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

#include "util/error.h"

namespace tally {

/// `tally containers ARGUMENT...`: the containers that run on this machine; with --watch also those
/// that appear, are renamed or disappear. Throws as OutputFile does, UsageError and Error.
ExitStatus run_containers(const std::vector<std::string>& arguments);

}  // namespace tally
