// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>

#include "session/request.h"

namespace tally {

/// When a run reads what it measures, and when that is a report: at the end, or after each INTERVAL
/// too. Asks no clock; it is told how long the run has lasted.
class Schedule {
  public:
    /// `count`: of intervals, after which the run ends. `duration`: of the run.
    Schedule(std::optional<Seconds> interval, std::optional<std::uint64_t> count,
             std::optional<Seconds> duration);

    /// How often to read. Without INTERVAL once a second, to redraw, and to keep up with the names
    /// of cgroups and with keys of dead ones.
    Seconds period() const;

    /// After this time the run ends, if nothing ends it before.
    std::optional<Seconds> duration() const { return duration_; }

    /// Whether each reading is reported. If not, there is one report, at the end.
    bool has_intervals() const { return interval_.has_value(); }

    /// Whether the run ends by itself: by a count of intervals or a duration.
    bool has_end() const { return count_ || duration_; }

    /// A period has ended; the run has lasted for `lasted`. False: the run ends with it, at the
    /// last interval or because the rest of the duration is a matter of the clock's resolution. The
    /// last reading is that of the end, so there is none for this period.
    bool goes_on(Seconds lasted);

  private:
    std::optional<Seconds> interval_;
    std::optional<std::uint64_t> count_;
    std::optional<Seconds> duration_;
    std::uint64_t ended_ = 0;  ///< intervals
};

}  // namespace tally
