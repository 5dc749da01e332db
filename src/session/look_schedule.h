// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace tally {

/// When to look again what new cgroups are called: soon after a birth, then less and less often,
/// and as long as somebody waits for a name. Asks no clock; it is told the time.
class LookSchedule {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// When the next look is due, if one is.
    std::optional<Time> next() const { return next_; }

    /// Something began at `now` that may get a name: the first look after it is due soon, whatever
    /// was due before.
    void begin(Time now);

    /// A look that was due took from `began` to `ended`. Births in between, told by begin(), start
    /// the looks anew. `is_awaited`: somebody still waits for a name, so another look will follow.
    void looked(Time began, Time ended, bool is_awaited);

  private:
    std::optional<Time> next_;
    std::size_t looks_ = 0;  ///< since the last begin()
    Time begun_;             ///< when that was
};

}  // namespace tally
