// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>

#include "model/listing.h"

namespace tally {

/// The containers that run on this machine, for `tally containers`, as one cgroup hierarchy shows
/// them: that of `--hierarchy`, if given. Throws Error.
Listing list_containers(const std::optional<std::string>& hierarchy, bool verbose);

}  // namespace tally
