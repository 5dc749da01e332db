// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/look_schedule.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

using std::chrono::milliseconds;

LookSchedule::Time at(int time) {
    return LookSchedule::Time(milliseconds(time));
}

TEST(LookSchedule, LooksThreeTimesAfterABirth) {
    LookSchedule schedule;
    EXPECT_EQ(schedule.next(), std::nullopt);
    schedule.begin(at(1000));
    EXPECT_EQ(schedule.next(), at(1020));
    schedule.looked(at(1020), at(1021), false);
    EXPECT_EQ(schedule.next(), at(1121));
    schedule.looked(at(1121), at(1121), false);
    EXPECT_EQ(schedule.next(), at(1621));
    schedule.looked(at(1621), at(1622), false);
    EXPECT_EQ(schedule.next(), std::nullopt);
}

TEST(LookSchedule, GoesOnWhileANameIsAwaited) {
    LookSchedule schedule;
    schedule.begin(at(0));
    for (int look = 0; look < 3; ++look) {
        schedule.looked(at(10 + look), at(10 + look), true);
    }
    EXPECT_EQ(schedule.next(), at(1012));
    schedule.looked(at(1012), at(1012), true);
    EXPECT_EQ(schedule.next(), at(2012));
    schedule.looked(at(2012), at(2012), false);
    EXPECT_EQ(schedule.next(), std::nullopt);
}

TEST(LookSchedule, AnotherBirthBeginsAnewButDelaysNothing) {
    LookSchedule schedule;
    schedule.begin(at(0));
    schedule.looked(at(20), at(20), false);
    schedule.looked(at(120), at(120), false);
    EXPECT_EQ(schedule.next(), at(620));
    schedule.begin(at(610));
    EXPECT_EQ(schedule.next(), at(620));
    schedule.looked(at(620), at(620), false);
    EXPECT_EQ(schedule.next(), at(720));
}

/// Its files may have come after they were read.
TEST(LookSchedule, ABirthDuringALookIsLookedForSoon) {
    LookSchedule schedule;
    schedule.begin(at(0));
    schedule.begin(at(25));
    schedule.looked(at(20), at(30), false);
    EXPECT_EQ(schedule.next(), at(130));  // ten times what the look took
    schedule.looked(at(130), at(130), false);
    EXPECT_EQ(schedule.next(), at(230));
}

TEST(LookSchedule, LooksTakeATenthOfTheTimeAtMost) {
    LookSchedule schedule;
    schedule.begin(at(0));
    schedule.looked(at(20), at(220), false);
    EXPECT_EQ(schedule.next(), at(2220));
}

}  // namespace
}  // namespace tally
