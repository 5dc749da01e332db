// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/podman_pods.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

namespace tally {
namespace {

// data/podman: a pod `shop` with its first container and one named `front`, and `web` in no pod.
// bolt_state.db is podman 4.3.1's, with the pages and values that tally does not read blanked;
// db.sql was made with podman's schema, for want of a podman with SQLite here: pages of 1,024
// bytes, so that the table of containers has several and a record goes beyond its page.
const std::string kFirst = "a773f41087c4106be7181bcc6657fa9f5297011dae43be30ba6bf8dc6a4eb635";
const std::string kFront = "1115501b30d54d0d01038d97ff2c1ad173bf495ba967bdcfcdc9d191192f663e";
const std::string kPod = "aad1f233407e6cea55c91104dee16b7b2b2901b833783631dbff5bc0cf326b96";

std::string sample(const std::string& name) {
    std::ifstream file(std::string(TALLY_TEST_DIR) + "/unit/data/podman/" + name, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_FALSE(bytes.empty()) << name;
    return bytes;
}

void expect_shop(const std::optional<PodmanPods>& pods) {
    ASSERT_TRUE(pods);
    const std::map<std::string, std::string> names = {{kPod, "shop"}};
    const std::map<std::string, std::string> of = {{kFirst, kPod}, {kFront, kPod}};
    EXPECT_EQ(pods->names, names);
    EXPECT_EQ(pods->pod_of, of);
}

TEST(PodmanPods, Bolt) {
    expect_shop(parse_podman_bolt(sample("bolt_state.db")));
}

TEST(PodmanPods, Sqlite) {
    expect_shop(parse_podman_sqlite(sample("db.sql")));
}

TEST(PodmanPods, BoltTakesTheNewerHeadThatIsWhole) {
    const std::string bytes = sample("bolt_state.db");
    constexpr std::size_t kTransaction = 16 + 48;  // its number, within a head
    const std::size_t older = bytes[kTransaction] < bytes[4096 + kTransaction] ? 0 : 4096;
    std::string torn = bytes;
    torn[older + kTransaction] = '\x7f';  // later than the other, but the checksum does not fit
    expect_shop(parse_podman_bolt(torn));
    torn[4096 - older + kTransaction] ^= 1;
    EXPECT_FALSE(parse_podman_bolt(torn));
}

TEST(PodmanPods, AWriteAheadLogIsNotGuessedAt) {
    std::string bytes = sample("db.sql");
    bytes[18] = bytes[19] = 2;
    EXPECT_FALSE(parse_podman_sqlite(bytes));
}

TEST(PodmanPods, OtherFiles) {
    for (const std::string& bytes :
         {std::string(), std::string("{}"), std::string(100'000, '\0'),
          std::string(100'000, '\xff'), std::string("SQLite format 3\0", 16),
          sample("containers.json")}) {
        EXPECT_FALSE(parse_podman_bolt(bytes));
        EXPECT_FALSE(parse_podman_sqlite(bytes));
    }
    EXPECT_FALSE(parse_podman_bolt(sample("db.sql")));
    EXPECT_FALSE(parse_podman_sqlite(sample("bolt_state.db")));
}

TEST(PodmanPods, CutOff) {
    const std::string bolt = sample("bolt_state.db");
    for (std::size_t size = 0; size < bolt.size(); size += 1013) {
        EXPECT_FALSE(parse_podman_bolt(bolt.substr(0, size))) << size;
    }
    const std::string sqlite = sample("db.sql");
    for (std::size_t size = 0; size < sqlite.size(); size += 1013) {
        parse_podman_sqlite(sqlite.substr(0, size));
    }
}

/// Bytes changed at random: no crash (the sanitizers look too), and nothing that is no id.
void expect_survives(const std::string& whole,
                     std::optional<PodmanPods> (*parse)(const std::string&)) {
    std::mt19937 random(1009);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = whole;
        for (unsigned change = 0; change <= random() % 8; ++change) {
            // Mostly in the heads of pages, where the structure is.
            const std::size_t page = random() % (bytes.size() / 1024) * 1024;
            const std::size_t at = page + random() % (random() % 3 == 0 ? 1024 : 128);
            bytes[at] = static_cast<char>(random() % 4 == 0 ? 0xFF : random());
        }
        const auto pods = parse(bytes);
        if (!pods) {
            continue;
        }
        for (const auto& [container, pod] : pods->pod_of) {
            EXPECT_EQ(container.size(), 64U);
            EXPECT_EQ(pod.size(), 64U);
        }
        for (const auto& [id, name] : pods->names) {
            EXPECT_EQ(id.size(), 64U);
            EXPECT_FALSE(name.empty());
        }
    }
}

TEST(PodmanPods, DamagedBolt) {
    expect_survives(sample("bolt_state.db"), &parse_podman_bolt);
}

TEST(PodmanPods, DamagedSqlite) {
    expect_survives(sample("db.sql"), &parse_podman_sqlite);
}

}  // namespace
}  // namespace tally
