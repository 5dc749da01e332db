// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string_view>

#include "util/error.h"

namespace tally {

/// Writes text to stdout, as it is. Throws as OutputFile does.
ExitStatus print(std::string_view text);

}  // namespace tally
