// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

namespace tally {

/// Where the cgroup hierarchy of this run is mounted. Throws Error if there is none.
std::string find_hierarchy();

}  // namespace tally
