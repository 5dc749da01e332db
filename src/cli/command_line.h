// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/parser.h"
#include "session/request.h"
#include "tracer/registry.h"
#include "tracer/schema.h"

namespace tally {

/// Reads the arguments after the tool's name. Throws UsageError.
std::variant<Request, HelpText> parse_tool_arguments(const Tool& tool, const TracerSchema& schema,
                                                     std::vector<std::string> arguments);

/// Reads the arguments of `tally COMMAND`, one of these. Throws UsageError.
std::variant<ListingRequest, HelpText> parse_listing_arguments(
    const std::string& command, const std::vector<std::string>& arguments);

}  // namespace tally
