// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>

#include "model/listing.h"
#include "output/output_file.h"
#include "session/request.h"

namespace tally {

/// The containers that run on this machine, for `tally containers`, as one cgroup hierarchy shows
/// them: that of `--hierarchy`, if given. Throws Error.
Listing list_containers(const std::optional<std::string>& hierarchy, bool verbose);

/// `tally containers --watch`: the same, then each container that comes, gets another name or goes,
/// until a signal, the duration or a closed pipe ends it. Throws as OutputFile does, and Error.
void watch_containers(const ListingRequest& request, OutputFile& out);

}  // namespace tally
