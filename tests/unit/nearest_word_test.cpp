// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "util/nearest_word.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tally {
namespace {

const std::vector<std::string> kWords{"runqlat", "runqslower", "syslat", "run", "list"};

TEST(NearestWord, IsTheOneWithTheFewestChanges) {
    EXPECT_EQ(nearest_word("runqlatt", kWords), "runqlat");
    EXPECT_EQ(nearest_word("runqalt", kWords), "runqlat");
    EXPECT_EQ(nearest_word("rnqslowest", kWords), "runqslower");  // three changes of ten letters
    EXPECT_EQ(nearest_word("sylat", kWords), "syslat");
    EXPECT_EQ(nearest_word("runn", kWords), "run");
    EXPECT_EQ(nearest_word("ls", kWords), "list");
    const std::vector<std::string> equally_near{"tcplive", "tcplike"};
    EXPECT_EQ(nearest_word("tcplife", equally_near), "tcplive");
}

TEST(NearestWord, IsNoneIfAllAreFar) {
    for (const std::string typed :
         {"", "x", "ab", "nonsense", "latency", "runqslow-by-far", "RUNQLAT"}) {
        EXPECT_EQ(nearest_word(typed, kWords), std::nullopt) << typed;
    }
    EXPECT_EQ(nearest_word("runqlat", {}), std::nullopt);
    const std::vector<std::string> long_word{std::string(66, 'a')};
    EXPECT_EQ(nearest_word(std::string(65, 'a'), long_word), std::nullopt);
    EXPECT_EQ(nearest_word(std::string(64, 'a'), long_word), long_word[0]);
}

TEST(NearestWord, IsASuggestion) {
    EXPECT_EQ(did_you_mean("runqlatt", kWords), "; did you mean runqlat?");
    EXPECT_EQ(did_you_mean("nonsense", kWords), "");
}

}  // namespace
}  // namespace tally
