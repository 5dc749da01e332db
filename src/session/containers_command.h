// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include "model/listing.h"

namespace tally {

/// The containers that run on this machine, for `tally containers`. Throws Error.
Listing list_containers();

}  // namespace tally
