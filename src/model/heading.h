// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "model/record.h"

namespace tally {

/// What stands above a column: "total_ns" is TOTAL, since the cells have units; "parent_pid" PARENT
/// PID.
std::string heading_of(std::string name, Unit unit);

}  // namespace tally
