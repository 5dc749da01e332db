// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

#include "model/record.h"

namespace tally {

/// For scripts: RFC 3339 in UTC, with nanoseconds.
std::string timestamp(UnixNanoseconds time);

/// The same for a stream of events, most of which are in the same second as the previous one.
class Timestamps {
  public:
    /// Valid until the next call.
    std::string_view of(UnixNanoseconds time);

  private:
    UnixNanoseconds second_ = 0;  ///< the second of text_
    std::string text_ = timestamp(0);
};

/// For people: "14:05:09", local time.
std::string local_clock(UnixNanoseconds time);

}  // namespace tally
