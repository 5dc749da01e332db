// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/request.h"

namespace tally {

/// What the arguments of a command that lists ask for, and what libbpf says goes where they say;
/// none: they ask for help, which is printed. Throws UsageError.
std::optional<ListingRequest> read_listing_request(const std::string& command,
                                                   const std::vector<std::string>& arguments);

}  // namespace tally
