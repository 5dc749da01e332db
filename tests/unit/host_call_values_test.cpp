// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/call_values.h"

#include <gtest/gtest.h>

#include <csignal>

namespace {

TEST(SignalNumber, ByNameWithAndWithoutSigAndByNumber) {
    EXPECT_EQ(tally::signal_number("SIGKILL"), 9U);
    EXPECT_EQ(tally::signal_number("KILL"), 9U);
    EXPECT_EQ(tally::signal_number("9"), 9U);
    EXPECT_EQ(tally::signal_number("SIGRTMIN+3"), static_cast<std::uint32_t>(SIGRTMIN + 3));
}

TEST(SignalNumber, IsTheOneOfTheNameForAllSignals) {
    for (std::uint32_t number = 1; number <= 64; ++number) {
        EXPECT_EQ(tally::signal_number(tally::signal_name(number)), number);
    }
}

TEST(SignalNumber, NoneForWhatIsNoSignal) {
    for (const char* word : {"", "SIG", "kill", "0", "65", "-1", "9 ", "SIGSIGKILL"}) {
        EXPECT_EQ(tally::signal_number(word), 0U) << word;
    }
}

}  // namespace
