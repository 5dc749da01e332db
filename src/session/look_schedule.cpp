// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/look_schedule.h"

#include <algorithm>
#include <array>

namespace tally {
namespace {

using std::chrono::milliseconds;

/// Pauses before the looks after a birth: the runtime may write its files, and the container set
/// its node name, a moment later.
constexpr std::array kPauses{milliseconds(20), milliseconds(100), milliseconds(500)};

/// The pause before each further look while a name is awaited.
constexpr milliseconds kPauseWhileAwaited{1000};

}  // namespace

void LookSchedule::begin(Time now) {
    looks_ = 0;
    begun_ = now;
    if (!next_) {
        next_ = now + kPauses.front();
    }
}

void LookSchedule::looked(Time began, Time ended, bool is_awaited) {
    if (begun_ < began) {
        ++looks_;
    }
    next_.reset();
    if (looks_ < kPauses.size() || is_awaited) {
        const auto pause = looks_ < kPauses.size() ? kPauses[looks_] : kPauseWhileAwaited;
        // While cgroups are born without pause, looking takes at most a tenth of the time.
        next_ = ended + std::max<Time::duration>(pause, 10 * (ended - began));
    }
}

}  // namespace tally
