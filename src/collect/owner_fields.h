// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <vector>

#include "container/container.h"
#include "model/record.h"

namespace tally {

/// The fields of a record about a container, or another owner of a cgroup: docs/output.md, `key`.
/// Always the same names, in the same order.
std::vector<Field> owner_fields(const Owner& owner);

}  // namespace tally
