// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cli/command_line.h"
#include "cli/parser.h"
#include "session/request.h"

namespace tally {

/// Adds --by, for those of the tools that measure by key (`measuring`: their places, at least one).
/// All that is referred to must outlive the parser. Throws Error for a BY() of an object that names
/// no key: that is not what was typed.
void add_by(Parser& parser, std::span<const ChosenTool> tools,
            const std::vector<std::size_t>& measuring, Request& request);

/// After parsing: what the tools declare where --by was not given. Throws UsageError for a word
/// that is no key of a tool that it is for.
void complete_by(std::span<const ChosenTool> tools, const std::vector<std::size_t>& measuring,
                 Request& request);

}  // namespace tally
