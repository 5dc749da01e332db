// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The seeds of the fuzz targets (tests/fuzz), without the fuzzer: what was once found stays found.
// A property that does not hold ends the process and says which.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "fuzz.h"
#include "util/read_file.h"

namespace tally {
namespace {

const std::string kCorpus = std::string(TALLY_TEST_DIR) + "/fuzz/corpus";

TEST(FuzzCorpus, EachSeedOfEachTarget) {
    ASSERT_FALSE(fuzz_targets().empty());
    for (const FuzzTarget& target : fuzz_targets()) {
        std::error_code error;
        int seeds = 0;
        target.run({});
        for (const auto& entry :
             std::filesystem::directory_iterator(kCorpus + "/" + std::string(target.name), error)) {
            SCOPED_TRACE(entry.path());
            const auto bytes = read_file(entry.path(), 1 << 20);
            ASSERT_TRUE(bytes);
            target.run(*bytes);
            ++seeds;
        }
        EXPECT_GT(seeds, 0) << target.name << " has no seeds";
    }
}

TEST(FuzzCorpus, NoSeedsWithoutATarget) {
    for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
        EXPECT_TRUE(std::any_of(
            fuzz_targets().begin(), fuzz_targets().end(),
            [&](const FuzzTarget& each) { return each.name == entry.path().filename().string(); }))
            << entry.path();
    }
}

}  // namespace
}  // namespace tally
