// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace tally {

/// When to look again for the names of new cgroups: soon after a birth, then less and less often,
/// and for as long as a name is awaited. Reads no clock; callers pass the time.
class LookSchedule {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// When the next look is due, if one is.
    std::optional<Time> next() const { return next_; }

    /// Something began at `now` that may get a name, so the looks start anew: the first is due
    /// soon, or at the time of the look that is already due.
    void begin(Time now);

    /// A look that was due took from `began` to `ended`. Births in between, reported by begin(),
    /// start the looks anew. `is_awaited`: a name is still awaited, so another look will follow.
    void looked(Time began, Time ended, bool is_awaited);

  private:
    std::optional<Time> next_;
    std::size_t looks_ = 0;  ///< since the last begin()
    Time begun_;             ///< when that was
};

}  // namespace tally
