// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "container/containers.h"

namespace tally {

/// A fake machine in a temporary directory: a cgroup hierarchy, which is just directories (their
/// inodes are the ids), and the runtimes' files.
class FakeMachine : public ::testing::Test {
  protected:
    FakeMachine() {
        std::string name = ::testing::TempDir() + "tally_containers_XXXXXX";
        top_ = ::mkdtemp(name.data());
        std::filesystem::create_directories(hierarchy());
        std::filesystem::create_directories(root());
    }
    ~FakeMachine() override {
        std::error_code ignored;
        std::filesystem::remove_all(top_, ignored);
    }

    std::string hierarchy() const { return top_ + "/cgroup"; }
    std::string root() const { return top_ + "/root"; }
    ContainerPaths paths() const { return {hierarchy(), root(), "this-host"}; }

    /// Makes a cgroup with all above it.
    CgroupId make(const std::string& path) const {
        std::filesystem::create_directories(hierarchy() + path);
        return id(path);
    }
    CgroupId id(const std::string& path) const {
        struct stat status {};
        EXPECT_EQ(::stat((hierarchy() + path).c_str(), &status), 0) << path;
        return status.st_ino;
    }
    void remove(const std::string& path) const { std::filesystem::remove_all(hierarchy() + path); }

    /// Writes a file of the fake machine.
    void write(const std::string& path, const std::string& text) const {
        const std::filesystem::path file = root() + path;
        std::filesystem::create_directories(file.parent_path());
        // By another inode, so that two writes within one tick of the clock differ.
        const std::string next = file.string() + ".new";
        std::ofstream(next, std::ios::binary) << text;
        std::filesystem::rename(next, file);
    }

  private:
    std::string top_;
};

/// Docker runs two containers there: "web", whose id is kA, and "db", kB.
class TwoContainers : public FakeMachine {
  protected:
    static inline const std::string kA = std::string(64, 'a');
    static inline const std::string kB = std::string(64, 'b');
    static constexpr CgroupId kBorn = 1'000'000'000'000;  ///< of a cgroup that has no directory

    void SetUp() override {
        web_ = make("/docker/" + kA);
        db_ = make("/docker/" + kB);
        write("/var/lib/docker/containers/" + kA + "/config.v2.json", R"({"Name":"/web"})");
        write("/var/lib/docker/containers/" + kB + "/config.v2.json", R"({"Name":"/db"})");
        containers_.emplace(paths());
        containers_->walk();
    }

    CgroupId web_ = 0, db_ = 0;
    std::optional<Containers> containers_;
};

}  // namespace tally
