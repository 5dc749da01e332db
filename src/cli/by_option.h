// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cli/command_line.h"
#include "cli/parser.h"
#include "session/request.h"

namespace tally {

/// Adds --by for the tools that measure by key (`measuring`: their indices, at least one). All
/// references must outlive the parser. Throws Error for a BY() of an object that names no key: this
/// is not the user's mistake.
void add_by(Parser& parser, std::span<const ChosenTool> tools,
            const std::vector<std::size_t>& measuring, Request& request);

/// After parsing: fills in what the tools declare where --by was not given. Throws UsageError for a
/// word that is not a key of a tool that it applies to.
void complete_by(std::span<const ChosenTool> tools, const std::vector<std::size_t>& measuring,
                 Request& request);

}  // namespace tally
