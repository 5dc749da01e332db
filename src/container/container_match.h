// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "container/container.h"

namespace tally {

/// Whether a user's word matches a container: its name, its id, its pod, NAMESPACE/POD, POD/NAME,
/// its label (NAMESPACE/POD/NAME), a shell pattern (fnmatch(3), '*' matches slashes too) for any of
/// these, or a prefix of its id of at least four characters.
bool is_called(const Container& container, const std::string& wanted);

}  // namespace tally
