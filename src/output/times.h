// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

#include "model/record.h"

namespace tally {

/// For scripts: RFC 3339 in UTC, with nanoseconds.
std::string timestamp(UnixNanoseconds time);

/// The same for a stream of events, most of them of the same second as the one before.
class Timestamps {
  public:
    /// Good until the next call.
    std::string_view of(UnixNanoseconds time);

  private:
    UnixNanoseconds second_ = 0;  ///< that text_ is of, in seconds
    std::string text_ = timestamp(0);
};

/// For people: "14:05:09", where they are.
std::string local_clock(UnixNanoseconds time);

/// What follows it: ".123"
std::string milliseconds_of(UnixNanoseconds time);

}  // namespace tally
