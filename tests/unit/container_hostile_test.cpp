// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Metadata made to do harm, as real files: no crash, no hang, no wrong name. A file that hangs the
// reader hangs the test, which tests/programs ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "container/cgroup_tree.h"
#include "container/runtime_files.h"
#include "container_fixture.h"
#include "util/file_descriptor.h"
#include "util/read_file.h"

namespace tally {
namespace {

namespace fs = std::filesystem;

const std::string kA(64, 'a');
const std::string kTasks = "/run/containerd/io.containerd.runtime.v2.task/";
const std::string kStorage = "/var/lib/containers/storage/overlay-containers/";
const std::string kDocker = "/var/lib/docker/containers/" + kA + "/config.v2.json";

/// Every file that names the container kA, with a text in which it does.
struct NamingFile {
    std::string path;
    std::string runtime;
    std::function<std::string(const std::string& name)> text;
};

std::vector<NamingFile> naming_files() {
    const auto annotated = [](const std::string& name) {
        return R"({"annotations":{"nerdctl/name":")" + name + R"("}})";
    };
    return {
        {kDocker, "docker",
         [](const std::string& name) { return R"({"Name":"/)" + name + R"("})"; }},
        {kStorage + "containers.json", "podman",
         [](const std::string& name) {
             return R"([{"id":")" + kA + R"(","names":[")" + name + R"("]}])";
         }},
        {kStorage + kA + "/userdata/config.json", "podman", annotated},
        {kTasks + "default/" + kA + "/config.json", "containerd", annotated},
        {"/run/runc/" + kA + "/state.json", "",
         [](const std::string& name) {
             return R"({"config":{"labels":["nerdctl/name=)" + name + R"("]}})";
         }},
    };
}

/// As a JSON string has it, byte by byte where JSON can have the byte at all.
std::string in_json(char byte) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == '"' || byte == '\\') {
        return fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    }
    return {byte};
}

class HostileFiles : public FakeMachine {
  protected:
    /// What kA is called, asked in all the ways there are.
    std::string name_of(const std::string& runtime) {
        RuntimeFiles files(root());
        for (const auto& located : files.with_cgroup()) {
            EXPECT_FALSE(located.container.name.empty());
        }
        const auto container = files.by_id(kA, runtime);
        return container ? container->name : "nobody";
    }
};

TEST_F(HostileFiles, NamesOfEveryByte) {
    for (const NamingFile& file : naming_files()) {
        for (int value = 0; value < 256; ++value) {
            const char byte = static_cast<char>(value);
            write(file.path, file.text("a" + in_json(byte) + "b"));
            EXPECT_EQ(name_of(file.runtime), std::string("a") + byte + "b") << file.path << value;
        }
        fs::remove(root() + file.path);
    }
}

TEST_F(HostileFiles, CgroupsAndNodesOfEveryByte) {
    const CgroupId box = make("/box");
    std::vector<std::pair<CgroupId, std::string>> made;
    for (int value = 1; value < 256; ++value) {
        if (value != '/') {
            const std::string name = {'x', static_cast<char>(value)};
            made.emplace_back(make("/lxc.payload." + name), name);
        }
    }
    Containers containers(paths());
    containers.walk();
    for (const auto& [id, name] : made) {
        EXPECT_EQ(containers.owner_of(id).container->name, name);
        EXPECT_EQ(containers.path_of(id), "/lxc.payload." + name);
        EXPECT_EQ(containers.find_cgroup("/lxc.payload." + name), id);
    }
    for (int value = 0; value < 256; ++value) {
        const std::string name = {static_cast<char>(value), 'x'};
        ProcessFacts process;
        process.cgroup = box;
        process.pid = 7;
        process.pid_namespace = 9;
        process.node_name = name;
        containers.observe({process});
        EXPECT_EQ(containers.owner_of(box).container->name, name);
    }
}

/// In the place of each file, whatever is no file of that kind: it names nobody.
TEST_F(HostileFiles, WhatIsNoFile) {
    fs::create_directories(root() + "/elsewhere");
    const std::vector<std::pair<const char*, std::function<bool(const std::string&)>>> kinds = {
        {"fifo", [](const std::string& path) { return ::mkfifo(path.c_str(), 0666) == 0; }},
        {"directory", [](const std::string& path) { return fs::create_directory(path); }},
        {"character device",
         [](const std::string& path) {
             return ::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0;  // zero
         }},
        {"block device",
         [](const std::string& path) {
             return ::mknod(path.c_str(), S_IFBLK | 0666, makedev(7, 0)) == 0;  // loop
         }},
        {"socket", [](const std::string& path) { return ::mknod(path.c_str(), S_IFSOCK, 0) == 0; }},
        {"link to itself",
         [](const std::string& path) {
             return ::symlink(fs::path(path).filename().c_str(), path.c_str()) == 0;
         }},
        {"link to nothing",
         [](const std::string& path) { return ::symlink("/nonexistent/x", path.c_str()) == 0; }},
        {"link to a directory",
         [this](const std::string& path) {
             return ::symlink((root() + "/elsewhere").c_str(), path.c_str()) == 0;
         }},
        {"link to zero",
         [](const std::string& path) { return ::symlink("/dev/zero", path.c_str()) == 0; }},
        {"link to a terminal",
         [](const std::string& path) { return ::symlink("/dev/tty", path.c_str()) == 0; }},
        {"link to a pipe of the kernel",
         [](const std::string& path) {
             return ::symlink("/sys/kernel/tracing/trace_pipe", path.c_str()) == 0;
         }},
        {"link to memory",
         [](const std::string& path) { return ::symlink("/proc/self/mem", path.c_str()) == 0; }},
        {"link out of the tree",
         [](const std::string& path) { return ::symlink("/etc/passwd", path.c_str()) == 0; }},
        {"unreadable", [](const std::string& path) { return ::mknod(path.c_str(), 0, 0) == 0; }},
        {"terabyte of nothing",
         [](const std::string& path) {
             const FileDescriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
             return ::ftruncate(file.get(), off_t{1} << 40) == 0;
         }},
    };
    int made = 0;
    for (const NamingFile& file : naming_files()) {
        const std::string path = root() + file.path;
        fs::create_directories(fs::path(path).parent_path());
        for (const auto& [kind, make_it] : kinds) {
            if (!make_it(path)) {
                continue;  // a device, without the right to make one; a file system without holes
            }
            ++made;
            EXPECT_EQ(name_of(file.runtime), "nobody") << kind << " " << file.path;
            EXPECT_EQ(read_file(path, 1 << 20).has_value(),
                      kind == std::string("link out of the tree") ||
                          (kind == std::string("unreadable") && ::access(path.c_str(), R_OK) == 0))
                << kind;
            fs::remove(path);
        }
        // In the place of its directory.
        const fs::path directory = fs::path(path).parent_path();
        fs::remove(directory);
        for (const char* target : {".", "/dev/zero", "/", "/nonexistent"}) {
            fs::create_symlink(target, directory);
            EXPECT_EQ(name_of(file.runtime), "nobody") << target;
            fs::remove(directory);
        }
    }
    EXPECT_GE(made, 5 * 10);
}

/// A link to a file that is what it should be is followed: some hosts move /var/lib/docker.
TEST_F(HostileFiles, LinksToRealFiles) {
    write("/elsewhere/file", R"({"Name":"/web"})");
    fs::create_directories(fs::path(root() + kDocker).parent_path());
    fs::create_symlink(root() + "/elsewhere/file", root() + kDocker);
    EXPECT_EQ(name_of("docker"), "web");
}

TEST_F(HostileFiles, AFileOfThousands) {
    std::string list = "[";
    for (int i = 0; i < 20'000; ++i) {
        list += fmt::format(R"({{"id":"{:064x}","names":["web-{}"],"image":"{:0425}"}},)", i, i, 7);
    }
    list += R"({"id":")" + kA + R"(","names":["last"]}])";
    EXPECT_GT(list.size(), 10'000'000U);
    write(kStorage + "containers.json", list);
    EXPECT_EQ(name_of("podman"), "last");
    RuntimeFiles files(root());
    for (int i = 0; i < 20'000; i += 7) {  // read once, not 3,000 times
        EXPECT_EQ(files.by_id(fmt::format("{:064x}", i), "podman")->name, fmt::format("web-{}", i));
    }
    // A file of one container has no 10 MB, and a list no 100.
    write(kDocker, R"({"Name":"/web","x":")" + std::string(10'000'000, 'x') + R"("})");
    EXPECT_EQ(name_of("docker"), "nobody");
    write(kStorage + "containers.json", std::string(90'000'000, ' ') + list);
    EXPECT_EQ(name_of("podman"), "nobody");
    // More values than any list of that size has.
    std::string zeros = R"([{"id":")" + kA + R"(","names":["web"]})";
    for (int i = 0; i < 1'000'000; ++i) {
        zeros += ",0";
    }
    write(kStorage + "containers.json", zeros + "]");
    EXPECT_EQ(name_of("podman"), "nobody");
}

/// Someone empties a file and writes it anew in two parts, takes it away, and puts another there:
/// its name is one that it had, never a mixture. (Nobody can tell a file whose writer is halfway
/// through from a whole one, if what is there is valid. Runtimes write another and rename it.)
TEST_F(HostileFiles, ThatChangeWhileRead) {
    write(kDocker, R"({"Name":"/start"})");
    std::atomic<bool> is_done = false;
    std::thread writer([&] {
        const std::string path = root() + kDocker;
        for (int round = 0; !is_done; ++round) {
            const std::string name(7, static_cast<char>('a' + round % 26));
            const std::string text = R"({"Name":"/)" + name + R"(","x":")" +
                                     std::string(round % 2 == 0 ? 40'000 : 90'000, 'x') +
                                     R"(","Config":{"Labels":{"io.kubernetes.pod.name":")" + name +
                                     R"("}}})";
            if (round % 5 == 4) {
                fs::remove(path);
            } else if (round % 5 == 3) {
                write(kDocker, text);
                continue;
            }
            const FileDescriptor file(
                ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666));
            EXPECT_EQ(::write(file.get(), text.data(), text.size() / 2),
                      static_cast<ssize_t>(text.size() / 2));
            const std::size_t rest = text.size() - text.size() / 2;
            EXPECT_EQ(::write(file.get(), text.data() + text.size() / 2, rest),
                      static_cast<ssize_t>(rest));
        }
    });
    RuntimeFiles files(root());
    std::size_t named = 0;
    // At least for a while, and until some were read whole: on a busy machine that is seldom.
    const auto began = std::chrono::steady_clock::now();
    const auto is_over = [&](std::chrono::milliseconds time) {
        return std::chrono::steady_clock::now() - began >= time;
    };
    while (!is_over(std::chrono::milliseconds(400)) ||
           (named == 0 && !is_over(std::chrono::minutes(1)))) {
        files.forget_unread();
        const auto container = files.by_id(kA, "docker");
        if (!container || container->name == "start") {
            continue;
        }
        ++named;
        EXPECT_EQ(container->name, container->pod);
    }
    is_done = true;
    writer.join();
    EXPECT_GT(named, 0U);
    // What was seen in the middle of a change is not what is remembered.
    write(kDocker, R"({"Name":"/end"})");
    files.forget_unread();
    EXPECT_EQ(files.by_id(kA, "docker")->name, "end");
}

/// Changed in place within one tick of the clock, with the same length.
TEST_F(HostileFiles, ThatChangeWithoutATrace) {
    write(kDocker, R"({"Name":"/one"})");
    RuntimeFiles files(root());
    EXPECT_EQ(files.by_id(kA, "docker")->name, "one");
    std::ofstream(root() + kDocker, std::ios::in | std::ios::out) << R"({"Name":"/two"})";
    files.forget_unread();
    EXPECT_EQ(files.by_id(kA, "docker")->name, "two");
}

/// 100,000 entries: the one that is asked for is found, and the look at all of them has an end.
TEST_F(HostileFiles, ADirectoryOfThousands) {
    // In memory: ext4 takes 10 s to make them.
    std::string memory = "/dev/shm/tally_hostile_XXXXXX";
    ASSERT_NE(::mkdtemp(memory.data()), nullptr);
    fs::create_directories(root() + "/run");
    fs::create_symlink(memory, root() + "/run/runc");
    const std::string directory = memory + "/";
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_EQ(::symlink(".", (directory + std::to_string(i)).c_str()), 0);
    }
    const NamingFile runc = naming_files().back();
    write(runc.path, runc.text("web"));
    EXPECT_EQ(name_of(""), "web");
    // All of them lead to one file, so each is a container: as many as there may be.
    std::ofstream(memory + "/state.json") << runc.text("linked");
    // One of them may be the container itself, which has the other name.
    EXPECT_GE(RuntimeFiles(root()).with_cgroup().size(), 19'999U);
    EXPECT_LE(RuntimeFiles(root()).with_cgroup().size(), 20'000U);
    fs::remove_all(memory);
}

/// Without the right to read them (root has it always): nothing is there.
TEST_F(HostileFiles, UnreadableDirectories) {
    const NamingFile runc = naming_files().back();
    write(runc.path, runc.text("web"));
    fs::permissions(root() + "/run/runc", fs::perms::none);
    EXPECT_EQ(name_of(""), ::geteuid() == 0 ? "web" : "nobody");
    fs::permissions(root() + "/run/runc", fs::perms::owner_all);
}

class HostileCgroups : public FakeMachine {};

/// Directories below each other; longer than any path may be, so made step by step.
CgroupId nest(const std::string& below, const std::string& name, int levels) {
    FileDescriptor here(::open(below.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (int level = 0; level < levels; ++level) {
        EXPECT_EQ(::mkdirat(here.get(), name.c_str(), 0777), 0);
        here = FileDescriptor(::openat(here.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    struct stat status {};
    EXPECT_EQ(::fstat(here.get(), &status), 0);
    return status.st_ino;
}

TEST_F(HostileCgroups, APathOf4095Bytes) {
    make("/docker/" + kA);
    std::string path = "/docker/" + kA;
    const std::string name(240, 'x');
    const int levels = static_cast<int>((4095 - path.size()) / (name.size() + 1));
    nest(hierarchy() + path, name, levels);
    for (int level = 0; level < levels; ++level) {
        path += "/" + name;
    }
    const std::string last(4095 - path.size() - 1, 'y');
    path += "/" + last;
    Containers containers(paths());
    containers.walk();
    const CgroupId parent = *containers.find_cgroup(path.substr(0, path.rfind('/')));
    const CgroupId id = 1'000'000'000'000;
    containers.add({id, parent, last});
    ASSERT_EQ(containers.path_of(id)->size(), 4095U);
    EXPECT_EQ(containers.path_of(id), path);
    EXPECT_EQ(containers.find_cgroup(path), id);
    EXPECT_EQ(containers.owner_of(id).container->id, kA);
    EXPECT_EQ(containers.owner_of(id).cgroup, "/docker/" + kA);
    EXPECT_EQ(containers.find_cgroup(path + "/"), id);
    EXPECT_EQ(containers.find_cgroup(path + "/y"), std::nullopt);
}

/// Deeper than the walk goes: its files are not looked for, its births are believed, and the walks
/// that do not see it do not bury it.
TEST_F(HostileCgroups, DeeperThanTheWalk) {
    make("/docker/" + kA);
    const CgroupId deepest = nest(hierarchy() + "/docker/" + kA, "x", 400);
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(deepest).container, std::nullopt);
    const auto known = containers.subtree(containers.list().at(0).owner.root);
    EXPECT_GT(known.size(), 250U);
    const CgroupId born = 1'000'000'000'000;
    containers.add({born, known.back(), "born"});
    containers.walk();
    EXPECT_EQ(containers.owner_of(born).container->id, kA);
    EXPECT_TRUE(containers.find_cgroup(*containers.path_of(born)));
}

/// Births that make a ring beside the tree, and 20,000 below each other.
TEST_F(HostileCgroups, BirthsThatLie) {
    const CgroupId docker = make("/docker");
    Containers containers(paths());
    containers.walk();
    const CgroupId base = 1'000'000'000'000;
    containers.add({base, base + 1, kA});
    containers.add({base + 1, base, "docker"});
    EXPECT_LE(containers.subtree(base).size(), 2U);
    EXPECT_LE(containers.subtree(base + 1).size(), 2U);
    EXPECT_TRUE(containers.owner_of(base).cgroup == std::nullopt);
    containers.add({base + 10, docker, kA});
    for (CgroupId id = base + 11; id < base + 20'000; ++id) {
        containers.add({id, id - 1, "x"});
    }
    EXPECT_EQ(containers.owner_of(base + 1'000).container->id, kA);
    EXPECT_LE(containers.subtree(base + 10).size(), 20'000U);
    ProcessFacts process;
    process.cgroup = base + 19'999;
    process.pid_namespace = 7;
    process.node_name = "liar";
    containers.observe({process});
    for (const auto& listed : containers.list()) {
        EXPECT_NE(listed.owner.container->name, "liar");
    }
}

}  // namespace
}  // namespace tally
