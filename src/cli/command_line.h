// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cli/parser.h"
#include "session/request.h"
#include "tracer/registry.h"
#include "tracer/schema.h"

namespace tally {

/// A tool that the command line names, and what its object declares.
struct ChosenTool {
    const Tool& tool;
    const TracerSchema& schema;
};

/// Reads the arguments after the names of the tools, which are to run together. Throws UsageError.
std::variant<Request, HelpText> parse_tool_arguments(std::span<const ChosenTool> tools,
                                                     std::vector<std::string> arguments);

/// The same for one tool.
std::variant<Request, HelpText> parse_tool_arguments(const Tool& tool, const TracerSchema& schema,
                                                     std::vector<std::string> arguments);

/// Reads the arguments of `tally COMMAND`: `containers` or `doctor`. Throws UsageError.
std::variant<ListingRequest, HelpText> parse_listing_arguments(
    const std::string& command, const std::vector<std::string>& arguments);

}  // namespace tally
