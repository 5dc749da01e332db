// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "model/record.h"

namespace tally {

/// For scripts: RFC 3339 in UTC, with nanoseconds.
std::string timestamp(UnixNanoseconds time);

/// For people: "14:05:09", where they are.
std::string local_clock(UnixNanoseconds time);

}  // namespace tally
