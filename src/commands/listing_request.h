// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/request.h"

namespace tally {

/// Reads the arguments of a command that lists, and sets where libbpf's messages go; none: they ask
/// for help, which is printed. Throws UsageError.
std::optional<ListingRequest> read_listing_request(const std::string& command,
                                                   const std::vector<std::string>& arguments);

}  // namespace tally
