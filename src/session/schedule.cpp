// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/schedule.h"

namespace tally {

Schedule::Schedule(std::optional<Seconds> interval, std::optional<std::uint64_t> count,
                   std::optional<Seconds> duration)
    : interval_(interval), count_(count), duration_(duration) {}

Seconds Schedule::period() const {
    return interval_.value_or(Seconds{1.0});
}

bool Schedule::goes_on(Seconds lasted) {
    if (!interval_) {
        return true;
    }
    ++ended_;
    const bool is_last = count_ && ended_ >= *count_;
    const bool is_over = duration_ && lasted > *duration_ - *interval_ / 20;
    return !is_last && !is_over;
}

}  // namespace tally
