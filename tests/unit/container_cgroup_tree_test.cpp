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
    CgroupTree tree(hierarchy(), 10);
    tree.walk();
    const CgroupId base = 1'000'000'000'000;
    for (CgroupId id = 1; id <= 9; ++id) {
        tree.add(base + id, id == 1 ? tree.root() : base + 1, "n" + std::to_string(id));
    }
    tree.walk();  // none of them is on disk: all dead, none too many
    EXPECT_TRUE(tree.knows(base + 9));
    for (CgroupId id = 11; id <= 20; ++id) {
        tree.add(base + id, tree.root(), "n" + std::to_string(id));
    }
    // All dead ones made room for the living, the parent after its children.
    for (CgroupId id = 1; id <= 9; ++id) {
        EXPECT_FALSE(tree.knows(base + id)) << id;
    }
    EXPECT_EQ(tree.path_of(base + 20), "/n20");
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
