// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/schedule.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

constexpr Seconds operator""_s(long double seconds) {
    return Seconds(static_cast<double>(seconds));
}

TEST(Schedule, WithoutIntervalItReadsEachSecondForEver) {
    Schedule schedule(std::nullopt, std::nullopt, std::nullopt);
    EXPECT_EQ(schedule.period(), 1.0_s);
    EXPECT_FALSE(schedule.has_intervals());
    EXPECT_FALSE(schedule.has_end());
    for (int second = 1; second < 100'000; ++second) {
        ASSERT_TRUE(schedule.goes_on(Seconds(second)));
    }
}

TEST(Schedule, WithoutIntervalTheDurationAloneEndsIt) {
    Schedule schedule(std::nullopt, std::nullopt, 3.0_s);
    EXPECT_TRUE(schedule.has_end());
    EXPECT_EQ(schedule.duration(), 3.0_s);
    EXPECT_TRUE(schedule.goes_on(3.0_s));  // a clock of its own ends it
}

TEST(Schedule, TheLastOfSoManyIntervalsIsTheEnd) {
    Schedule schedule(0.5_s, 3, std::nullopt);
    EXPECT_EQ(schedule.period(), 0.5_s);
    EXPECT_TRUE(schedule.has_intervals());
    EXPECT_TRUE(schedule.has_end());
    EXPECT_TRUE(schedule.goes_on(0.5_s));
    EXPECT_TRUE(schedule.goes_on(7.0_s));  // however late it comes
    EXPECT_FALSE(schedule.goes_on(7.1_s));
}

TEST(Schedule, OneIntervalIsTheEnd) {
    Schedule schedule(2.0_s, 1, std::nullopt);
    EXPECT_FALSE(schedule.goes_on(2.0_s));
}

TEST(Schedule, AnIntervalThatEndsWithTheDurationHasNoReportOfItsOwn) {
    Schedule schedule(1.0_s, std::nullopt, 3.0_s);
    EXPECT_TRUE(schedule.goes_on(1.0_s));
    EXPECT_TRUE(schedule.goes_on(2.0_s));
    EXPECT_FALSE(schedule.goes_on(2.96_s));  // a twentieth of an interval before
    Schedule early(1.0_s, std::nullopt, 3.0_s);
    EXPECT_TRUE(early.goes_on(2.94_s));
}

TEST(Schedule, AnIntervalThatEndsBeforeTheDurationHasOne) {
    Schedule schedule(2.0_s, std::nullopt, 5.0_s);
    EXPECT_TRUE(schedule.goes_on(2.0_s));
    EXPECT_TRUE(schedule.goes_on(4.0_s));
    EXPECT_FALSE(schedule.goes_on(6.0_s));
}

TEST(Schedule, WhatComesFirstEndsIt) {
    Schedule short_duration(1.0_s, 100, 2.0_s);
    EXPECT_TRUE(short_duration.goes_on(1.0_s));
    EXPECT_FALSE(short_duration.goes_on(2.0_s));
    Schedule few_intervals(1.0_s, 2, 100.0_s);
    EXPECT_TRUE(few_intervals.goes_on(1.0_s));
    EXPECT_FALSE(few_intervals.goes_on(2.0_s));
}

}  // namespace
}  // namespace tally
