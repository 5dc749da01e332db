// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/cgroup_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "container_fixture.h"
#include "util/error.h"

namespace tally {
namespace {

class CgroupTreeTest : public FakeMachine {};

TEST_F(CgroupTreeTest, WalksTheTree) {
    const CgroupId c = make("/a/b/c");
    const CgroupId d = make("/d");
    std::filesystem::create_directory_symlink(hierarchy() + "/a", hierarchy() + "/loop");
    std::filesystem::create_directory_symlink("..", hierarchy() + "/a/b/up");
    CgroupTree tree(hierarchy());
    const auto changes = tree.walk();
    EXPECT_EQ(changes.added.size(), 5U);
    EXPECT_EQ(tree.path_of(c), "/a/b/c");
    EXPECT_EQ(tree.path_of(d), "/d");
    EXPECT_EQ(tree.path_of(tree.root()), "/");
    EXPECT_EQ(tree.find("/a/b/c"), c);
    EXPECT_EQ(tree.find("a//b/c/"), c);
    EXPECT_EQ(tree.find("/"), tree.root());
    EXPECT_EQ(tree.find("/a/x"), std::nullopt);
    EXPECT_EQ(tree.find_on_disk("/a/b/c"), c);
    EXPECT_EQ(tree.find_on_disk("/a/x"), std::nullopt);
    EXPECT_EQ(tree.path_of(123456789), std::nullopt);
    EXPECT_EQ(tree.path_of(0), std::nullopt);
    EXPECT_TRUE(tree.walk().added.empty());
}

TEST_F(CgroupTreeTest, NoHierarchyIsAnError) {
    CgroupTree tree(hierarchy() + "/nothing");
    EXPECT_THROW(tree.walk(), Error);
    EXPECT_EQ(tree.find("/"), std::nullopt);
}

TEST_F(CgroupTreeTest, TheDeadKeepTheirPath) {
    const CgroupId dead = make("/a/b");
    CgroupTree tree(hierarchy());
    tree.walk();
    EXPECT_TRUE(tree.is_alive(dead));
    remove("/a");
    tree.walk();
    EXPECT_FALSE(tree.is_alive(dead));
    EXPECT_TRUE(tree.knows(dead));
    EXPECT_EQ(tree.path_of(dead), "/a/b");
}

TEST_F(CgroupTreeTest, BirthsInAnyOrder) {
    CgroupTree tree(hierarchy());
    tree.walk();
    const CgroupId base = 1'000'000'000'000;
    tree.add(base + 3, base + 2, "c");
    EXPECT_EQ(tree.path_of(base + 3), std::nullopt);
    EXPECT_FALSE(tree.knows(base + 2));
    tree.add(base + 2, base + 1, "b");
    EXPECT_EQ(tree.add(base + 1, tree.root(), "a").joined, std::vector<CgroupId>{base + 1});
    EXPECT_EQ(tree.path_of(base + 3), "/a/b/c");
}

TEST_F(CgroupTreeTest, BirthsThatLie) {
    CgroupTree tree(hierarchy());
    tree.walk();
    tree.add(0, tree.root(), "zero");
    tree.add(77, 77, "self");
    tree.add(77, tree.root(), "a/b");
    tree.add(77, tree.root(), "");
    tree.add(tree.root(), 78, "root");
    EXPECT_FALSE(tree.knows(77));
    EXPECT_EQ(tree.path_of(tree.root()), "/");
    const CgroupId base = 1'000'000'000'000;
    tree.add(base + 1, base + 2, "x");
    tree.add(base + 2, base + 1, "y");
    EXPECT_EQ(tree.path_of(base + 1), std::nullopt);
    tree.walk();
    tree.walk();
    // A ring of any length: the birth that would close it adds nothing.
    for (CgroupId id = base + 10; id < base + 20; ++id) {
        EXPECT_EQ(tree.add(id, id + 1, "z").added.size(), 1U);
    }
    EXPECT_TRUE(tree.add(base + 20, base + 10, "z").added.empty());
    EXPECT_FALSE(tree.knows(base + 20));
    EXPECT_TRUE(tree.add(base + 15, base + 12, "z").moved.empty());
    EXPECT_EQ(tree.parent_of(base + 15), base + 16);
}

TEST_F(CgroupTreeTest, ARenameMoves) {
    const CgroupId id = make("/a/b");
    make("/c");
    CgroupTree tree(hierarchy());
    tree.walk();
    std::filesystem::rename(hierarchy() + "/a/b", hierarchy() + "/c/d");
    EXPECT_EQ(tree.walk().moved, std::vector<CgroupId>{id});
    EXPECT_EQ(tree.path_of(id), "/c/d");
    EXPECT_EQ(tree.find("/a/b"), std::nullopt);
}

TEST_F(CgroupTreeTest, DropsTheOldestDead) {
    CgroupTree tree(hierarchy(), 5);
    tree.walk();
    const CgroupId base = 1'000'000'000'000;
    for (CgroupId id = 1; id <= 9; ++id) {
        tree.add(base + id, id == 1 ? tree.root() : base + 1, "n" + std::to_string(id));
    }
    for (CgroupId id = 1; id <= 5; ++id) {
        EXPECT_TRUE(tree.bury(base + id).dropped.empty());
        EXPECT_FALSE(tree.is_alive(base + id));
    }
    EXPECT_TRUE(tree.bury(base + 5).dropped.empty());  // told twice
    // The oldest first, but for the one that the others' paths need.
    EXPECT_EQ(tree.bury(base + 6).dropped, std::vector<CgroupId>{base + 2});
    EXPECT_EQ(tree.path_of(base + 3), "/n1/n3");
    tree.walk();  // none of them is on disk: all dead, and five of them stay
    EXPECT_EQ(tree.size(), 6U);
    EXPECT_TRUE(tree.knows(base + 1));
    for (CgroupId id = 3; id <= 5; ++id) {
        EXPECT_FALSE(tree.knows(base + id)) << id;
    }
    for (CgroupId id = 11; id <= 20; ++id) {
        tree.add(base + id, tree.root(), "n" + std::to_string(id));
        tree.bury(base + id);
    }
    // The parent went after its children.
    for (CgroupId id = 1; id <= 15; ++id) {
        EXPECT_FALSE(tree.knows(base + id)) << id;
    }
    EXPECT_EQ(tree.path_of(base + 16), "/n16");
    EXPECT_EQ(tree.size(), 6U);
}

TEST_F(CgroupTreeTest, ManyBirthsAndDeaths) {
    CgroupTree tree(hierarchy());
    tree.walk();
    const CgroupId base = 1'000'000'000'000;
    constexpr CgroupId kTimes = 300'000;
    constexpr std::size_t kMostDead = 20'000;
    tree.add(base, tree.root(), "docker");
    std::size_t most = 0;
    for (CgroupId id = base + 1; id <= base + kTimes; ++id) {
        tree.add(id, base, std::to_string(id));
        tree.bury(id);
        most = std::max(most, tree.size());
    }
    EXPECT_EQ(most, kMostDead + 2);  // with the root and /docker
    EXPECT_EQ(tree.children_of(base).size(), kMostDead);
    for (CgroupId id = base + kTimes; id > base + kTimes - kMostDead; --id) {
        ASSERT_EQ(tree.path_of(id), "/docker/" + std::to_string(id));
    }
    EXPECT_FALSE(tree.knows(base + kTimes - kMostDead));
    EXPECT_EQ(tree.path_of(base), "/docker");
}

TEST_F(CgroupTreeTest, DeathsInAnyOrder) {
    CgroupTree tree(hierarchy());
    tree.walk();
    const CgroupId base = 1'000'000'000'000;
    // Before the births, the parent first.
    tree.bury(base + 1);
    tree.bury(base + 2);
    EXPECT_FALSE(tree.knows(base + 1));
    tree.add(base + 2, base + 1, "b");
    tree.bury(base + 1);  // known as a mere parent, and told twice
    tree.add(base + 1, tree.root(), "a");
    EXPECT_EQ(tree.path_of(base + 2), "/a/b");
    EXPECT_FALSE(tree.is_alive(base + 1));
    EXPECT_FALSE(tree.is_alive(base + 2));
    // Known from a walk already when its birth is told after its death.
    const CgroupId c = make("/c");
    tree.walk();
    EXPECT_TRUE(tree.is_alive(c));
    tree.bury(c);
    EXPECT_TRUE(tree.add(c, tree.root(), "c").added.empty());
    EXPECT_FALSE(tree.is_alive(c));
    EXPECT_EQ(tree.path_of(c), "/c");
    // Too many of them: the oldest is forgotten.
    for (CgroupId id = 10; id <= 10'000; ++id) {
        tree.bury(base + id);
    }
    tree.add(base + 10, tree.root(), "x");
    tree.add(base + 10'000, tree.root(), "y");
    EXPECT_TRUE(tree.is_alive(base + 10));
    EXPECT_FALSE(tree.is_alive(base + 10'000));
    // What cannot die.
    tree.bury(0);
    tree.bury(tree.root());
    EXPECT_TRUE(tree.is_alive(tree.root()));
}

TEST_F(CgroupTreeTest, AWalkThatFindsTheDeadRevivesThem) {
    const CgroupId a = make("/a");
    CgroupTree tree(hierarchy(), 0);
    tree.walk();
    const CgroupId child = make("/a/b");
    tree.walk();
    tree.bury(a);
    EXPECT_TRUE(tree.knows(a));  // its child needs it
    tree.walk();
    EXPECT_TRUE(tree.is_alive(a));
    EXPECT_EQ(tree.bury(child).dropped, std::vector<CgroupId>{child});
    EXPECT_EQ(tree.bury(a).dropped, std::vector<CgroupId>{a});
    EXPECT_EQ(tree.size(), 1U);
}

TEST_F(CgroupTreeTest, PathsOfAnyLength) {
    std::string path;
    const std::string name(250, 'x');
    // Longer than PATH_MAX, so made step by step.
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(hierarchy());
    for (int level = 0; level < 30; ++level) {
        std::filesystem::create_directory(name);
        std::filesystem::current_path(name);
        path += "/" + name;
    }
    std::filesystem::current_path(before);
    CgroupTree tree(hierarchy());
    tree.walk();
    const auto found = tree.find(path);
    ASSERT_TRUE(found);
    EXPECT_EQ(tree.path_of(*found), path);
    EXPECT_EQ(tree.ancestry(*found).size(), 31U);
}

}  // namespace
}  // namespace tally
