// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/containers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "container/container_match.h"
#include "container_fixture.h"
#include "util/error.h"

namespace tally {
namespace {

const std::string kA(64, 'a');
const std::string kB(64, 'b');

// Ids that no directory of the fake hierarchy has.
constexpr CgroupId kElsewhere = 1'000'000'000'000;

class ContainersTest : public FakeMachine {
  protected:
    void name_docker(const std::string& id, const std::string& name) {
        write("/var/lib/docker/containers/" + id + "/config.v2.json",
              R"({"Name":"/)" + name + R"("})");
    }
    static ProcessFacts process(std::uint32_t pid, CgroupId cgroup, std::uint32_t pid_namespace,
                                std::optional<std::string> node_name = std::nullopt) {
        return {cgroup, pid, pid_namespace, 0, std::move(node_name)};
    }
    std::string name_of(Containers& containers, CgroupId id) {
        const Owner& owner = containers.owner_of(id);
        return owner.container ? owner.container->name : "(none)";
    }
};

TEST_F(ContainersTest, FindsCgroupsWhoseBirthsWereLost) {
    const CgroupId web = make("/docker/" + kA);
    name_docker(kA, "web");
    Containers containers(paths());
    containers.walk();
    const CgroupId worker = make("/docker/" + kA + "/worker");
    EXPECT_EQ(name_of(containers, worker), "(none)");  // asking for a name looks for nothing
    EXPECT_EQ(containers.path_of(worker), std::nullopt);
    containers.find_missing(std::vector{web, worker, kKernelThreads});
    EXPECT_EQ(name_of(containers, worker), "web");
    EXPECT_EQ(containers.path_of(worker), "/docker/" + kA + "/worker");
}

TEST_F(ContainersTest, ByPathShape) {
    const CgroupId web = make("/docker/" + kA);
    const CgroupId leaf = make("/docker/" + kA + "/init.scope/x");
    name_docker(kA, "web");
    Containers containers(paths());
    containers.walk();
    const Owner owner = containers.owner_of(leaf);
    EXPECT_EQ(owner.root, web);
    EXPECT_EQ(owner.cgroup, "/docker/" + kA);
    EXPECT_EQ(owner.systemd_unit, std::nullopt);
    ASSERT_TRUE(owner.container);
    EXPECT_EQ(owner.container->name, "web");
    EXPECT_EQ(owner.container->id, kA);
    EXPECT_EQ(owner.container->runtime, "docker");
    EXPECT_EQ(owner.label(), "web");
    EXPECT_EQ(containers.owner_of(web).root, web);
    EXPECT_EQ(containers.path_of(leaf), "/docker/" + kA + "/init.scope/x");
    EXPECT_EQ(containers.unit_of(leaf), "init.scope");
    EXPECT_EQ(containers.unit_of(web), std::nullopt);
}

TEST_F(ContainersTest, ARuntimeThatOnlyFilesTell) {
    const CgroupId docker = make("/mine/" + kA);
    const CgroupId unknown = make("/mine/" + kB);
    name_docker(kA, "web");
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(docker).container->runtime, "docker");
    EXPECT_EQ(containers.owner_of(unknown).container->runtime, "oci");
    EXPECT_EQ(containers.owner_of(unknown).container->name, "bbbbbbbbbbbb");
}

TEST_F(ContainersTest, APodOfPodmanIsNoContainer) {
    const CgroupId pod = make("/mine/" + kA);
    const CgroupId own = make("/mine/" + kA + "/libpod-" + kB);
    const CgroupId usual = make("/libpod_parent/" + kB);
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(own).root, own);
    EXPECT_FALSE(containers.owner_of(pod).container);
    EXPECT_FALSE(containers.owner_of(usual).container);
    EXPECT_EQ(containers.list().size(), 1U);
}

TEST_F(ContainersTest, NestedContainersBelongToTheNearest) {
    const CgroupId outer = make("/docker/" + kA + "/sub");
    const CgroupId inner = make("/docker/" + kA + "/docker/" + kB + "/sub");
    name_docker(kA, "outer");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, outer, 7), process(11, inner, 8), process(12, inner, 8)});
    EXPECT_EQ(name_of(containers, outer), "outer");
    EXPECT_EQ(name_of(containers, inner), "bbbbbbbbbbbb");
    const auto all = containers.list();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].owner.container->name, "bbbbbbbbbbbb");
    EXPECT_EQ(all[0].processes, 2U);
    EXPECT_EQ(all[1].owner.container->name, "outer");
    EXPECT_EQ(all[1].processes, 3U);
}

TEST_F(ContainersTest, ByFiles) {
    const CgroupId ctr = make("/default/web");
    const CgroupId runc = make("/any/string/here");
    const CgroupId below = make("/any/string/here/below");
    const CgroupId crun = make("/octest/three");
    make("/docker/" + kA);
    write("/run/containerd/io.containerd.runtime.v2.task/default/web/config.json",
          R"({"linux":{"cgroupsPath":"/default/web"}})");
    write("/run/containerd/io.containerd.runtime.v2.task/default/gone/config.json",
          R"({"linux":{"cgroupsPath":"/default/gone"}})");
    write("/run/containerd/io.containerd.runtime.v2.task/default/out/config.json",
          R"({"linux":{"cgroupsPath":"/../root/run"}})");
    write("/run/containerd/io.containerd.runtime.v2.task/default/top/config.json",
          R"({"linux":{"cgroupsPath":"/"}})");
    write("/run/containerd/io.containerd.runtime.v2.task/moby/" + kA + "/config.json",
          R"({"linux":{"cgroupsPath":"/docker/)" + kA + R"("}})");
    write("/run/runc/two/state.json",
          R"({"cgroup_paths":{"":"/sys/fs/cgroup/unified/any/string/here"}})");
    write("/run/crun/three/status", R"({"cgroup-path":"/octest/three"})");
    name_docker(kA, "dock");
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(ctr).container->runtime, "containerd");
    EXPECT_EQ(containers.owner_of(ctr).label(), "web");
    EXPECT_EQ(containers.owner_of(below).root, runc);
    EXPECT_EQ(containers.owner_of(below).container->runtime, "runc");
    EXPECT_EQ(containers.owner_of(below).label(), "two");
    EXPECT_EQ(containers.owner_of(crun).label(), "three");
    EXPECT_FALSE(containers.owner_of(id("")).container);
    EXPECT_EQ(containers.list().size(), 4U);
}

TEST_F(ContainersTest, FilesOfAUserSpeakForTheirCgroupsOnly) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root, to give directories to a user";
    }
    constexpr uid_t kUser = 4242;
    const std::string slice = "/user.slice/user-4242.slice/user@4242.service/user.slice/";
    const std::string files = "/home/u/.local/share/containers/storage/overlay-containers/";
    const std::string c(64, 'c');
    const auto give = [&](const std::string& path) {
        ASSERT_EQ(::chown(path.c_str(), kUser, static_cast<gid_t>(-1)), 0);
    };
    write("/etc/passwd", "u:x:4242:1::/home/u:\n");
    std::string names = "[";
    for (const std::string& id : {kA, kB, c}) {
        names += R"({"id":")" + id + R"(","names":["his-)" + id[0] + R"("]},)";
    }
    names.back() = ']';
    write(files + "containers.json", names);
    give(root() + files + "containers.json");
    const CgroupId own = make(slice + "libpod-" + kA + ".scope");
    // The system's own files come first.
    const std::string d(64, 'd');
    const CgroupId known = make(slice + "docker-" + d + ".scope");
    name_docker(d, "of-the-system");
    const std::string his_docker =
        "/home/u/.local/share/docker/containers/" + d + "/config.v2.json";
    write(his_docker, R"({"Name":"/his"})");
    give(root() + his_docker);
    const CgroupId system = make("/machine.slice/libpod-" + kB + ".scope");
    const CgroupId nested = make("/docker/" + c + slice + "libpod-" + kB + ".scope");
    const CgroupId delegated = make("/system.slice/app.service/libpod-payload-" + c);
    give(hierarchy() + "/system.slice/app.service/libpod-payload-" + c);
    // What a user's runtime says of cgroups that are not the user's.
    const CgroupId claimed = make("/system.slice/nginx.service");
    const CgroupId his = make(slice + "run");
    const std::string run = "/run/user/4242/runc/";
    for (const auto& [id, path] :
         {std::pair<std::string, std::string>{"one", "/system.slice/nginx.service"},
          {"two", slice + "run"}}) {
        write(run + id + "/state.json", R"({"cgroup_paths":{"":")" + path + R"("}})");
        give(root() + run + id + "/state.json");
    }
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(name_of(containers, own), "his-a");
    EXPECT_EQ(name_of(containers, known), "of-the-system");
    EXPECT_EQ(name_of(containers, system), "bbbbbbbbbbbb");
    EXPECT_EQ(name_of(containers, nested), "bbbbbbbbbbbb");
    EXPECT_EQ(name_of(containers, delegated), "his-c");
    EXPECT_EQ(name_of(containers, claimed), "(none)");
    EXPECT_EQ(name_of(containers, his), "two");
}

TEST_F(ContainersTest, FilesThatComeLate) {
    const CgroupId runc = make("/any/one");
    const CgroupId docker = make("/docker/" + kA);
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(runc).label(), "/any");
    EXPECT_EQ(containers.owner_of(docker).label(), "aaaaaaaaaaaa");
    write("/run/runc/one/state.json", R"({"config":{"cgroups":{"path":"/any/one"}}})");
    name_docker(kA, "web");
    containers.observe({});
    EXPECT_EQ(containers.owner_of(runc).label(), "one");
    EXPECT_EQ(containers.owner_of(runc).root, runc);
    EXPECT_EQ(containers.owner_of(docker).label(), "web");
    name_docker(kA, "renamed");
    containers.walk();
    EXPECT_EQ(containers.owner_of(docker).label(), "renamed");
    std::filesystem::remove_all(root() + "/var/lib/docker");
    std::filesystem::remove_all(root() + "/run/runc");
    containers.walk();
    EXPECT_EQ(containers.owner_of(docker).label(), "renamed");
    EXPECT_EQ(containers.owner_of(runc).label(), "one");
}

TEST_F(ContainersTest, TheHost) {
    const CgroupId worker = make("/system.slice/nginx.service/worker");
    const CgroupId session = make("/user.slice/user-1000.slice/session-3.scope");
    const CgroupId app = make("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service");
    const CgroupId manager = make("/user.slice/user-1000.slice/user@1000.service/init");
    const CgroupId slice = make("/machine.slice/other/deep");
    const CgroupId plain = make("/foo/bar/baz");
    Containers containers(paths());
    containers.walk();
    const Owner nginx = containers.owner_of(worker);
    EXPECT_EQ(nginx.root, id("/system.slice/nginx.service"));
    EXPECT_EQ(nginx.cgroup, "/system.slice/nginx.service");
    EXPECT_EQ(nginx.systemd_unit, "nginx.service");
    EXPECT_FALSE(nginx.container);
    EXPECT_EQ(nginx.label(), "nginx.service");
    EXPECT_EQ(containers.owner_of(session).root, session);
    EXPECT_EQ(containers.owner_of(app).systemd_unit, "x.service");
    EXPECT_EQ(containers.owner_of(manager).systemd_unit, "user@1000.service");
    EXPECT_EQ(containers.owner_of(slice).root, id("/machine.slice"));
    EXPECT_EQ(containers.owner_of(id("/system.slice")).label(), "system.slice");
    EXPECT_EQ(containers.owner_of(plain).root, id("/foo"));
    EXPECT_EQ(containers.owner_of(plain).cgroup, "/foo");
    EXPECT_EQ(containers.owner_of(plain).systemd_unit, std::nullopt);
    EXPECT_EQ(containers.owner_of(plain).label(), "/foo");
    const Owner top = containers.owner_of(id(""));
    EXPECT_EQ(top.root, id(""));
    EXPECT_EQ(top.cgroup, "/");
    const Owner kernel = containers.owner_of(kKernelThreads);
    EXPECT_EQ(kernel.cgroup, "kernel");
    EXPECT_EQ(kernel.label(), "kernel");
    const Owner unknown = containers.owner_of(4711 + kElsewhere);
    EXPECT_EQ(unknown.root, 4711 + kElsewhere);
    EXPECT_EQ(unknown.cgroup, std::nullopt);
    EXPECT_EQ(unknown.label(), "unknown");
}

TEST_F(ContainersTest, Births) {
    Containers containers(paths());
    containers.walk();
    // The runtime's file is there before the cgroup, and gone with it.
    name_docker(kA, "brief");
    containers.add({kElsewhere + 1, id(""), "docker"});
    containers.add({kElsewhere + 2, kElsewhere + 1, kA});
    containers.add({kElsewhere + 3, kElsewhere + 2, "sub"});
    std::filesystem::remove_all(root() + "/var/lib/docker");
    containers.walk();
    const Owner owner = containers.owner_of(kElsewhere + 3);
    EXPECT_EQ(owner.root, kElsewhere + 2);
    EXPECT_EQ(owner.label(), "brief");
    EXPECT_TRUE(containers.list().empty());  // dead
}

TEST_F(ContainersTest, BirthsOfWhatOnlyFilesTell) {
    Containers containers(paths());
    containers.walk();
    const CgroupId parent = make("/default");
    const CgroupId web = make("/default/web");
    write("/run/containerd/io.containerd.runtime.v2.task/default/web/config.json",
          R"({"linux":{"cgroupsPath":"/default/web"}})");
    containers.add({parent, id(""), "default"});
    containers.add({web, parent, "web"});
    std::filesystem::remove_all(root() + "/run");
    EXPECT_EQ(containers.owner_of(web).label(), "web");
}

TEST_F(ContainersTest, BirthsWithUnknownParents) {
    Containers containers(paths());
    containers.walk();
    const CgroupId parent = make("/late/docker");
    const CgroupId child = make("/late/docker/" + kA);
    containers.add({child, parent, kA});  // its parent is found in the file system
    EXPECT_EQ(containers.path_of(child), "/late/docker/" + kA);
    EXPECT_EQ(containers.owner_of(child).container->runtime, "docker");

    // Not there at all: known by id and the last part of its path only.
    containers.add({kElsewhere + 2, kElsewhere + 1, kB});
    EXPECT_EQ(containers.owner_of(kElsewhere + 2).container->runtime, "oci");
    EXPECT_EQ(containers.owner_of(kElsewhere + 2).cgroup, std::nullopt);
    containers.add({kElsewhere + 6, kElsewhere + 5, "plain"});
    EXPECT_EQ(containers.owner_of(kElsewhere + 6).label(), "unknown");
    // Until the parents are told.
    containers.add({kElsewhere + 1, id(""), "docker"});
    EXPECT_EQ(containers.owner_of(kElsewhere + 2).container->runtime, "docker");
    EXPECT_EQ(containers.owner_of(kElsewhere + 2).cgroup, "/docker/" + kB);
    containers.add({kElsewhere + 5, id(""), "a.service"});
    EXPECT_EQ(containers.owner_of(kElsewhere + 6).label(), "a.service");
}

TEST_F(ContainersTest, AMissingIdIsLookedForOnceInARound) {
    Containers containers(paths());
    containers.walk();
    containers.find_missing(std::vector{kElsewhere});
    EXPECT_EQ(containers.owner_of(kElsewhere).cgroup, std::nullopt);
    const CgroupId late = make("/late");
    containers.find_missing(std::vector{kElsewhere, late});
    EXPECT_EQ(containers.owner_of(late).cgroup, std::nullopt);
    containers.observe({});  // looks for it without being asked again
    EXPECT_EQ(containers.owner_of(late).cgroup, "/late");
}

TEST_F(ContainersTest, TheDeadKeepTheirNames) {
    const CgroupId web = make("/docker/" + kA);
    const CgroupId unit = make("/system.slice/job.service");
    name_docker(kA, "web");
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.list().size(), 1U);
    remove("/docker/" + kA);
    remove("/system.slice");
    std::filesystem::remove_all(root() + "/var/lib/docker");
    containers.walk();
    EXPECT_EQ(containers.owner_of(web).label(), "web");
    EXPECT_EQ(containers.owner_of(unit).label(), "job.service");
    EXPECT_TRUE(containers.list().empty());
    EXPECT_TRUE(containers.subtree(web).empty());
    EXPECT_EQ(containers.find_cgroup("/docker/" + kA), std::nullopt);
}

TEST_F(ContainersTest, Deaths) {
    const CgroupId web = make("/docker/" + kA);
    const CgroupId leaf = make("/docker/" + kA + "/leaf");
    name_docker(kA, "web");
    Containers containers(paths());
    containers.walk();
    remove("/docker/" + kA);
    containers.bury(leaf);
    containers.bury(web);
    EXPECT_TRUE(containers.list().empty());
    EXPECT_TRUE(containers.subtree(web).empty());
    EXPECT_EQ(containers.owner_of(leaf).label(), "web");
    EXPECT_EQ(containers.path_of(leaf), "/docker/" + kA + "/leaf");
    // The files of the dead are not read again.
    name_docker(kA, "other");
    containers.observe({});
    EXPECT_EQ(containers.owner_of(leaf).label(), "web");
    containers.bury(kElsewhere + 9);
    EXPECT_EQ(containers.owner_of(kElsewhere + 9).label(), "unknown");

    // The death is told first: the name is read nevertheless.
    name_docker(kB, "brief");
    containers.bury(kElsewhere);
    containers.add({kElsewhere, id("/docker"), kB});
    EXPECT_EQ(containers.owner_of(kElsewhere).label(), "brief");
    EXPECT_TRUE(containers.list().empty());
    EXPECT_TRUE(containers.subtree(kElsewhere).empty());
}

TEST_F(ContainersTest, ManyDeaths) {
    const CgroupId docker = make("/docker");
    Containers containers(paths());
    containers.walk();
    constexpr CgroupId kTimes = 300'000;
    const auto id_of = [](CgroupId number) {
        const std::string digits = std::to_string(number);
        return digits + std::string(64 - digits.size(), 'a');
    };
    for (CgroupId id = kElsewhere + 1; id <= kElsewhere + kTimes; ++id) {
        containers.add({id, docker, id_of(id)});
        if (id % 1000 == 0) {
            containers.owner_of(id);
        }
        containers.bury(id);
    }
    for (CgroupId id = kElsewhere + kTimes - 19'999; id <= kElsewhere + kTimes; ++id) {
        ASSERT_EQ(containers.owner_of(id).container->id, id_of(id));
    }
    EXPECT_EQ(containers.path_of(kElsewhere + kTimes - 20'000), std::nullopt);
    EXPECT_EQ(containers.owner_of(kElsewhere + 1).label(), "unknown");
    EXPECT_EQ(containers.owner_of(kElsewhere + 1000).label(), "unknown");
}

TEST_F(ContainersTest, WhatAWalkHasNotFoundIsNotLookedForAgain) {
    Containers containers(paths());
    containers.walk();
    // Zombies, told by the processes and by a report.
    const std::vector missing{kElsewhere, kElsewhere + 1};
    containers.observe({process(1, kElsewhere, 0)});
    containers.find_missing(missing);
    containers.observe({process(1, kElsewhere, 0)});
    containers.find_missing(missing);
    EXPECT_EQ(containers.owner_of(kElsewhere + 1).cgroup, std::nullopt);
    // A directory that a walk would find shows that there is none any more.
    const CgroupId late = make("/late");
    for (int round = 0; round < 3; ++round) {
        containers.observe({process(1, kElsewhere, 0)});
        containers.find_missing(missing);
        EXPECT_EQ(containers.owner_of(kElsewhere).cgroup, std::nullopt);
        EXPECT_EQ(containers.owner_of(kElsewhere + 1).cgroup, std::nullopt);
        containers.add({kElsewhere + 2, kElsewhere + 1, "child"});
        EXPECT_EQ(containers.path_of(late), std::nullopt);
    }
    // Until its birth is told.
    containers.add({kElsewhere + 1, id(""), "a"});
    EXPECT_EQ(containers.owner_of(kElsewhere + 1).label(), "/a");
    EXPECT_EQ(containers.owner_of(kElsewhere + 2).label(), "/a");
    containers.add({kElsewhere, kElsewhere + 3, "b"});
    EXPECT_EQ(containers.path_of(late), "/late");  // for kElsewhere + 3
    // Others are still looked for.
    const CgroupId later = make("/later");
    containers.observe({process(1, later, 0)});
    EXPECT_EQ(containers.owner_of(later).label(), "/later");
}

TEST_F(ContainersTest, ManyBirthsWhoseFilesComeLate) {
    Containers containers(paths());
    containers.walk();
    const CgroupId any = make("/any");
    containers.add({any, id(""), "any"});
    std::vector<CgroupId> born;
    for (int each = 0; each < 40; ++each) {
        const std::string name = "c" + std::to_string(each);
        born.push_back(make("/any/" + name));
        containers.add({born.back(), any, name});
    }
    const auto ask = [&] {
        containers.observe({process(1, born[0], 7, "node")});
        int named = 0;
        for (const CgroupId each : born) {
            const Owner& owner = containers.owner_of(each);
            named += owner.container && owner.container->runtime == "runc" ? 1 : 0;
        }
        return named;
    };
    EXPECT_EQ(ask(), 0);
    EXPECT_EQ(ask(), 0);
    for (int each = 0; each < 40; ++each) {
        const std::string name = "c" + std::to_string(each);
        write("/run/runc/" + name + "/state.json",
              R"({"cgroup_paths":{"":"/sys/fs/cgroup/any/)" + name + R"("}})");
        if (each == 19) {
            EXPECT_EQ(ask(), 20);
        }
    }
    EXPECT_EQ(ask(), 40);
    EXPECT_EQ(containers.owner_of(born[39]).label(), "c39");
    EXPECT_EQ(containers.owner_of(born[39]).root, born[39]);
}

TEST_F(ContainersTest, ByNamespaces) {
    const CgroupId one = make("/lab/box/one");
    const CgroupId two = make("/lab/box/two");
    const CgroupId host = make("/lab/host");
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.owner_of(one).label(), "/lab");
    containers.observe({process(30, one, 7), process(31, two, 7), process(5, host, 0)});
    EXPECT_EQ(containers.owner_of(one).root, id("/lab/box"));
    EXPECT_EQ(containers.owner_of(two).root, id("/lab/box"));
    EXPECT_EQ(containers.owner_of(one).container->runtime, "namespaces");
    EXPECT_EQ(containers.owner_of(one).container->id, std::nullopt);
    EXPECT_EQ(containers.owner_of(one).label(), "/lab/box");
    EXPECT_FALSE(containers.owner_of(host).container);
    // The host name is set some time after the namespaces were made; the oldest process counts.
    containers.observe({process(31, two, 7, "younger"), process(30, one, 7, "box")});
    EXPECT_EQ(containers.owner_of(one).label(), "box");
    containers.observe({process(30, one, 7, "renamed")});
    EXPECT_EQ(containers.owner_of(one).label(), "renamed");
    EXPECT_EQ(containers.list().at(0).processes, 1U);
    // It stays known without its processes, and its later children belong to it.
    const CgroupId three = make("/lab/box/three/x");
    containers.observe({process(5, three, 0)});
    EXPECT_EQ(containers.owner_of(three).label(), "renamed");
    EXPECT_EQ(containers.list().at(0).processes, 1U);
    containers.observe({});
    EXPECT_EQ(containers.list().at(0).processes, 0U);
}

TEST_F(ContainersTest, NamespacesThatMakeNoContainer) {
    const CgroupId unit = make("/system.slice/browser.service/sandbox");
    const CgroupId session = make("/user.slice/session-3.scope");
    Containers containers(paths());
    containers.walk();
    containers.observe({
        process(10, id(""), 7, "root"),      // in the root cgroup
        process(11, unit, 8, "service"),     // a service's own sandbox
        process(12, session, 9, "session"),  // beside processes of the host
        process(13, session, 0),
        process(14, kKernelThreads, 0),
        process(15, kElsewhere, 10, "nowhere"),
    });
    EXPECT_TRUE(containers.list().empty());
    EXPECT_FALSE(containers.owner_of(id("")).container);
    EXPECT_FALSE(containers.owner_of(unit).container);
    EXPECT_FALSE(containers.owner_of(session).container);
}

TEST_F(ContainersTest, WhoRunsBesideAContainerIsNotInIt) {
    const CgroupId web = make("/machine.slice/libpod-" + kA + ".scope/container");
    const CgroupId conmon = make("/machine.slice/libpod-conmon-" + kA + ".scope");
    const CgroupId shim = make("/system.slice/containerd.service");
    const CgroupId unit = make("/system.slice/web.service");
    const CgroupId session = make("/user.slice/user-1000.slice/session-3.scope");
    Containers containers(paths());
    containers.walk();
    containers.observe({
        process(10, web, 7, "web"),
        process(11, conmon, 0),
        process(12, shim, 0),
        // ProtectHostname=, PrivateTmp= and the like: namespaces of their own, but not of
        // processes.
        process(13, unit, 0, "host"),
        // PrivatePIDs=: systemd 257's services have even that.
        process(14, unit, 8, "host"),
        // nsenter into `web`, from a shell.
        process(15, session, 7, "web"),
    });
    ASSERT_EQ(containers.list().size(), 1U);
    EXPECT_EQ(containers.list()[0].processes, 1U);
    for (const CgroupId id : {conmon, shim, unit, session}) {
        EXPECT_FALSE(containers.owner_of(id).container) << *containers.path_of(id);
    }
}

TEST_F(ContainersTest, WithoutACommonAncestorEachCgroupIsTried) {
    const CgroupId one = make("/one/a");
    const CgroupId two = make("/two/b");
    const CgroupId three = make("/three/c");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, one, 7, "box"), process(11, two, 7, "box"),
                        process(12, three, 7, "box"), process(1, three, 0)});
    EXPECT_EQ(containers.owner_of(one).root, one);
    EXPECT_EQ(containers.owner_of(two).root, two);
    EXPECT_EQ(containers.owner_of(one).label(), "box");
    EXPECT_FALSE(containers.owner_of(three).container);
}

TEST_F(ContainersTest, ANeighbourIsNotSwallowed) {
    const CgroupId a1 = make("/p/a1");
    const CgroupId a2 = make("/p/a2");
    const CgroupId b = make("/p/b");
    const CgroupId inner = make("/q/a1/inner");
    const CgroupId q1 = make("/q/a1");
    const CgroupId q2 = make("/q/a2");
    const CgroupId r1 = make("/r/a1");
    const CgroupId r1_below = make("/r/a1/below");
    const CgroupId r2 = make("/r/a2");
    const CgroupId r = make("/r");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, a1, 7, "a"), process(11, a2, 7, "a"), process(12, b, 8, "b"),
                        // At or below one of its own cgroups: no neighbour.
                        process(20, q1, 17, "q"), process(21, q2, 17, "q"),
                        process(22, inner, 18, "inner"), process(23, q2, 19, "beside"),
                        // A neighbour in the common ancestor itself: that one is the highest.
                        process(30, r1, 27, "a"), process(31, r1_below, 27, "a"),
                        process(32, r2, 27, "a"), process(33, r, 28, "r")});
    EXPECT_EQ(containers.owner_of(a1).root, a1);
    EXPECT_EQ(containers.owner_of(a1).label(), "a");
    EXPECT_EQ(containers.owner_of(a2).root, a2);
    EXPECT_EQ(containers.owner_of(a2).label(), "a");
    EXPECT_EQ(containers.owner_of(b).root, b);
    EXPECT_EQ(containers.owner_of(b).label(), "b");
    for (const CgroupId each : {q1, q2, inner}) {
        EXPECT_EQ(containers.owner_of(each).root, id("/q"));
        EXPECT_EQ(containers.owner_of(each).label(), "q");
    }
    for (const CgroupId each : {r, r1, r1_below, r2}) {
        EXPECT_EQ(containers.owner_of(each).root, r);
    }
}

TEST_F(ContainersTest, CgroupsTriedByThemselvesAreNotNested) {
    const CgroupId below = make("/one/a/below");
    const CgroupId one = make("/one/a");
    const CgroupId two = make("/two/b");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, below, 7), process(11, one, 7), process(12, two, 7)});
    EXPECT_EQ(containers.owner_of(below).root, one);
    EXPECT_EQ(containers.list().size(), 2U);
}

TEST_F(ContainersTest, NamespacesWithinAContainer) {
    const CgroupId docker = make("/docker/" + kA);
    const CgroupId outer = make("/box");
    const CgroupId inner = make("/box/inner");
    const CgroupId entered = make("/user.slice/session-3.scope");
    Containers containers(paths());
    containers.walk();
    containers.observe({
        process(20, inner, 3, "inner"),  // a smaller number, seen first
        process(10, outer, 8, "outer"), process(11, docker, 9, "host of docker"),
        process(12, entered, 9),  // nsenter: in docker's namespaces, not in its cgroup
    });
    EXPECT_EQ(containers.owner_of(inner).root, outer);
    EXPECT_EQ(containers.owner_of(inner).label(), "outer");
    EXPECT_EQ(containers.owner_of(docker).label(), "aaaaaaaaaaaa");
    EXPECT_FALSE(containers.owner_of(entered).container);
    EXPECT_EQ(containers.list().size(), 2U);
}

TEST_F(ContainersTest, FilesCountMoreThanNamespaces) {
    const CgroupId box = make("/any/box");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, box, 7, "node")});
    EXPECT_EQ(containers.owner_of(box).label(), "node");
    write("/run/runc/web/state.json", R"({"config":{"cgroups":{"path":"/any/box"}}})");
    containers.observe({process(10, box, 7, "node")});
    EXPECT_EQ(containers.owner_of(box).label(), "web");
    EXPECT_EQ(containers.owner_of(box).container->runtime, "runc");
}

TEST_F(ContainersTest, WhatIsGoneBeforeALookIsNamedByWhatWasSeenOfIt) {
    make("/mine");
    Containers containers(paths());
    containers.walk();
    const CgroupId mine = id("/mine");
    containers.add({kElsewhere, mine, "brief"});
    containers.notice(process(10, kElsewhere, 7, "this-host"));  // the one that it begins with
    containers.notice(process(10, kElsewhere, 7, "web"));
    containers.notice(process(11, kElsewhere, 7, "child"));
    containers.bury(kElsewhere);
    EXPECT_TRUE(containers.has_noticed());
    EXPECT_TRUE(containers.may_get_name(kElsewhere));
    containers.observe({process(1, mine, 0)});
    EXPECT_FALSE(containers.has_noticed());
    EXPECT_EQ(name_of(containers, kElsewhere), "web");  // that of the oldest, as told last
    EXPECT_FALSE(containers.may_get_name(kElsewhere));
    EXPECT_TRUE(containers.list().empty());
    int dead = 0;
    containers.for_each([&](CgroupId root, const Container& container, bool alive) {
        EXPECT_EQ(root, kElsewhere);
        EXPECT_EQ(container.name, "web");
        dead += !alive;
    });
    EXPECT_EQ(dead, 1);
}

TEST_F(ContainersTest, AProcessThatLivesIsAskedItself) {
    const CgroupId web = make("/web");
    Containers containers(paths());
    containers.walk();
    containers.notice(process(10, web, 7, "before"));
    containers.observe({process(10, web, 7, "after")});
    EXPECT_EQ(name_of(containers, web), "after");
}

TEST_F(ContainersTest, WhatWasSeenOfTheHostMakesNoContainer) {
    const CgroupId shell = make("/shell");
    Containers containers(paths());
    containers.walk();
    containers.notice(process(10, shell, 0));
    containers.observe({});
    EXPECT_FALSE(containers.owner_of(shell).container);
    // Nor does one that has left, where the host's own still are.
    containers.notice(process(11, shell, 7, "sandbox"));
    containers.observe({process(10, shell, 0)});
    EXPECT_FALSE(containers.owner_of(shell).container);
}

TEST_F(ContainersTest, WhoMadeItMayWaitBesideIt) {
    const CgroupId web = make("/web");
    const CgroupId shell = make("/shell");
    ProcessFacts first = process(11, web, 7, "web");
    first.parent_of_init = 10;
    ProcessFacts other = process(21, shell, 8, "box");
    other.parent_of_init = 20;
    ProcessFacts unnamed = process(31, shell, 9);  // a sandbox of a browser
    unnamed.parent_of_init = 22;
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, web, 0), first, process(12, web, 7, "web"),
                        process(20, shell, 0), process(22, shell, 0), other, unnamed});
    EXPECT_EQ(name_of(containers, web), "web");
    EXPECT_FALSE(containers.owner_of(shell).container);  // process 22 is not its maker
}

TEST_F(ContainersTest, TheHostsNodeNameIsNoName) {
    const CgroupId web = make("/web");
    Containers containers(paths());
    containers.walk();
    containers.observe({process(10, web, 7, "this-host")});
    EXPECT_EQ(name_of(containers, web), "/web");
    EXPECT_TRUE(containers.may_get_name(web));
    containers.observe({process(10, web, 7, "web")});
    EXPECT_EQ(name_of(containers, web), "web");
}

TEST_F(ContainersTest, AnIdThatNoFileKnowsIsCalledByItsNodeName) {
    const CgroupId mine = make("/mine/" + kA);
    const CgroupId usual = make("/mine/" + kB);
    Containers containers(paths());
    containers.walk();
    EXPECT_TRUE(containers.may_get_name(mine));
    containers.observe({process(10, mine, 7, "web"), process(20, usual, 8, "bbbbbbbbbbbb")});
    EXPECT_EQ(name_of(containers, mine), "web");
    EXPECT_EQ(containers.owner_of(mine).container->runtime, "oci");
    EXPECT_EQ(containers.owner_of(mine).container->id, kA);
    EXPECT_EQ(name_of(containers, usual), "bbbbbbbbbbbb");
    EXPECT_FALSE(containers.may_get_name(mine));
    name_docker(kA, "shop");  // a file knows better
    containers.observe({process(10, mine, 7, "web")});
    EXPECT_EQ(name_of(containers, mine), "shop");
    EXPECT_EQ(containers.owner_of(mine).container->runtime, "docker");
}

TEST_F(ContainersTest, FilesAreReadAgainAtTheFirstExec) {
    const CgroupId top = make("/x");
    Containers containers(paths());
    containers.walk();
    containers.add({kElsewhere, top, "docker-" + kA + ".scope"});
    EXPECT_EQ(name_of(containers, kElsewhere), "aaaaaaaaaaaa");
    name_docker(kA, "web");
    containers.notice(process(10, kElsewhere, 0));
    EXPECT_EQ(name_of(containers, kElsewhere), "web");
}

TEST_F(ContainersTest, AFileOfOneWhoseDirectoryIsGoneWhenItIsRead) {
    const std::string state = R"({"cgroup_paths":{"":"/sys/fs/cgroup/later"},"config":{}})";
    Containers containers(paths());
    containers.walk();
    containers.add({kElsewhere, id("/"), "later"});
    write("/run/runc/job/state.json", state);
    containers.observe({process(10, kElsewhere, 7)});
    EXPECT_EQ(name_of(containers, kElsewhere), "/later");  // the file may have been left behind
    containers.notice(process(10, kElsewhere, 7));
    EXPECT_EQ(name_of(containers, kElsewhere), "job");
    containers.bury(kElsewhere);
    // What was seen there later than its death does not bring it back.
    containers.add({kElsewhere + 1, id("/"), "later"});
    containers.bury(kElsewhere + 1);
    containers.notice(process(11, kElsewhere + 1, 7));
    EXPECT_EQ(name_of(containers, kElsewhere + 1), "(none)");
}

TEST_F(ContainersTest, ANamespaceOfTheSameNumberIsAnother) {
    const CgroupId top = make("/mine");
    Containers containers(paths());
    containers.walk();
    const auto brief = [&](CgroupId cgroup, std::uint32_t pid, std::uint64_t born) {
        containers.add({cgroup, top, "brief" + std::to_string(pid)});
        ProcessFacts facts = process(pid, cgroup, 7, "web" + std::to_string(pid));
        facts.namespace_born = born;
        containers.notice(facts);
    };
    brief(kElsewhere, 10, 1000);
    brief(kElsewhere + 1, 11, 2000);
    containers.observe({});
    EXPECT_EQ(name_of(containers, kElsewhere), "web10");
    EXPECT_EQ(name_of(containers, kElsewhere + 1), "web11");
    EXPECT_FALSE(containers.owner_of(top).container);
    // The end of the one comes with the beginning of the next.
    brief(kElsewhere + 1, 11, 2000);
    brief(kElsewhere + 2, 12, 3000);
    containers.observe({});
    EXPECT_EQ(name_of(containers, kElsewhere + 2), "web12");
}

TEST_F(ContainersTest, FindCgroup) {
    const CgroupId b = make("/a/b");
    Containers containers({hierarchy() + "/", root(), ""});
    EXPECT_EQ(containers.find_cgroup("/a/b"), b);
    EXPECT_EQ(containers.find_cgroup("a/b/"), b);
    EXPECT_EQ(containers.find_cgroup(hierarchy() + "/a/b"), b);
    EXPECT_EQ(containers.find_cgroup(hierarchy()), id(""));
    EXPECT_EQ(containers.find_cgroup("/"), id(""));
    EXPECT_EQ(containers.find_cgroup(""), std::nullopt);
    EXPECT_EQ(containers.find_cgroup("/a/c"), std::nullopt);
    EXPECT_EQ(containers.find_cgroup("/tmp"), std::nullopt);
    const CgroupId late = make("/a/c");
    EXPECT_EQ(containers.find_cgroup("/a/c"), late);
    std::filesystem::create_directory_symlink(hierarchy(), root() + "/link");
    EXPECT_EQ(containers.find_cgroup(root() + "/link/a/b"), b);
}

TEST_F(ContainersTest, Subtree) {
    const CgroupId a = make("/a");
    const CgroupId b = make("/a/b");
    const CgroupId c = make("/a/b/c");
    make("/d");
    Containers containers(paths());
    containers.walk();
    EXPECT_EQ(containers.subtree(a), (std::vector<CgroupId>{a, b, c}));
    EXPECT_EQ(containers.subtree(c), std::vector<CgroupId>{c});
    EXPECT_EQ(containers.subtree(id("")).size(), 5U);
    EXPECT_TRUE(containers.subtree(kElsewhere).empty());
    EXPECT_TRUE(containers.subtree(kKernelThreads).empty());
}

TEST_F(ContainersTest, AfterManyChangesLikeAFreshStart) {
    std::mt19937 random(4711);
    const auto below = [&](unsigned most) { return static_cast<unsigned>(random()) % most; };
    const std::vector<std::string> kParts = {
        kA,  "docker",        "docker-" + kB + ".scope", "libpod-" + kA, "lxc.payload.x", "lxc",
        "x", "machine.slice", "machine-x.scope",         "a.service",    "libpod_parent", kB,
        "y", "pod" + kA,      "crio-" + kA + ".scope",
    };
    name_docker(kA, "web");
    write("/run/runc/two/state.json", R"({"config":{"cgroups":{"path":"/x/y"}}})");
    write("/run/crun/three/status", R"({"cgroup-path":"/y/docker"})");
    Containers old(paths());
    old.walk();
    for (int round = 0; round < 60; ++round) {
        std::string path;
        for (unsigned level = below(4) + 1; level > 0; --level) {
            path += "/" + kParts[below(static_cast<unsigned>(kParts.size()))];
        }
        const unsigned what = below(8);
        std::error_code ignored;
        if (what == 0) {
            remove(path);
        } else if (what == 1) {
            std::filesystem::rename(hierarchy() + path, hierarchy() + "/x", ignored);
        } else {
            const CgroupId made = make(path);
            if (what < 5) {
                const std::size_t slash = path.rfind('/');
                old.add({made, id(path.substr(0, slash)), path.substr(slash + 1)});
            }
        }
        if (below(3) == 0) {
            old.walk();
        } else {
            old.observe({});
        }
        old.owner_of(id(""));
        old.walk();
        Containers fresh(paths());
        fresh.walk();
        const auto all = fresh.subtree(id(""));
        ASSERT_EQ(all.size(), old.subtree(id("")).size());
        for (const CgroupId each : all) {
            const Owner expected = fresh.owner_of(each);
            const Owner got = old.owner_of(each);
            ASSERT_EQ(got.root, expected.root) << *fresh.path_of(each);
            ASSERT_EQ(got.cgroup, expected.cgroup);
            ASSERT_EQ(got.container, expected.container) << *fresh.path_of(each);
            ASSERT_EQ(got.systemd_unit, expected.systemd_unit);
        }
        ASSERT_EQ(old.list().size(), fresh.list().size());
    }
}

TEST_F(ContainersTest, DirectoriesVanishDuringTheWalk) {
    std::atomic<bool> is_over = false;
    std::thread maker([&] {
        while (!is_over) {
            std::error_code ignored;
            for (int each = 0; each < 20; ++each) {
                std::filesystem::create_directories(
                    hierarchy() + "/a/" + std::to_string(each) + "/b/c", ignored);
            }
            std::filesystem::remove_all(hierarchy() + "/a", ignored);
        }
    });
    Containers containers(paths());
    for (int times = 0; times < 50; ++times) {
        EXPECT_NO_THROW(containers.walk());
    }
    is_over = true;
    maker.join();
    containers.walk();
    for (const CgroupId each : containers.subtree(id(""))) {
        EXPECT_TRUE(containers.owner_of(each).cgroup);
    }
}

TEST_F(ContainersTest, NoHierarchy) {
    Containers containers({hierarchy() + "/nothing", root(), ""});
    EXPECT_THROW(containers.walk(), Error);
    EXPECT_EQ(containers.owner_of(7).label(), "unknown");
    containers.add({8, 7, "x"});
    containers.observe({process(1, 7, 7, "x")});
    EXPECT_TRUE(containers.list().empty());
    EXPECT_EQ(containers.find_cgroup("/"), std::nullopt);
    Containers moved(std::move(containers));
    EXPECT_EQ(moved.owner_of(0).label(), "kernel");
}

TEST(ContainersMatch, WhatPeopleType) {
    Container web;
    web.name = "web";
    web.id = "3f2a" + std::string(60, '0');
    web.runtime = "docker";
    web.pod = "shop";
    web.pod_namespace = "prod";
    for (const char* wanted : {"web", "3f2a", "3f2a00", "shop", "prod/shop", "w*", "w?b", "[vw]eb",
                               "prod/*", "*/shop", "3f*", "*", "shop/web", "prod/shop/web",
                               "shop/w*", "*/web", "prod/shop/w?b", "p*/s*/web"}) {
        EXPECT_TRUE(is_called(web, wanted)) << wanted;
    }
    EXPECT_TRUE(is_called(web, *web.id));
    for (const char* wanted :
         {"", "we", "webs", "3f2", "f2a0", "prod", "prod/web", "shop/we", "/shop/web", "prod/shop/",
          "prod/shop/webs", "prod/*/db", "w?", "[ab]eb", "prod/", "/shop"}) {
        EXPECT_FALSE(is_called(web, wanted)) << wanted;
    }
    EXPECT_TRUE(is_called(web, web.label()));
    web.pod_namespace = std::nullopt;
    EXPECT_TRUE(is_called(web, "shop/web"));
    EXPECT_FALSE(is_called(web, "prod/shop/web"));
    web.pod = std::nullopt;
    EXPECT_FALSE(is_called(web, "shop/web"));
    web.pod_namespace = "prod";
    EXPECT_TRUE(is_called(web, web.label()));
    Container odd;
    odd.name = "a[b*";
    odd.runtime = "namespaces";
    EXPECT_TRUE(is_called(odd, "a[b*"));
    EXPECT_FALSE(is_called(odd, "prod/shop"));
    odd.name = "a\\b";
    EXPECT_TRUE(is_called(odd, "a\\b"));
}

TEST(OwnerLabel, AllForms) {
    Owner owner;
    owner.root = 4711;
    EXPECT_EQ(owner.label(), "unknown");
    owner.cgroup = "/foo";
    EXPECT_EQ(owner.label(), "/foo");
    owner.systemd_unit = "foo.service";
    EXPECT_EQ(owner.label(), "foo.service");
    owner.container = Container{"web", std::nullopt, "docker", std::nullopt, std::nullopt};
    EXPECT_EQ(owner.label(), "web");
    owner.container->pod = "shop";
    EXPECT_EQ(owner.label(), "shop/web");
    owner.container->pod_namespace = "prod";
    EXPECT_EQ(owner.label(), "prod/shop/web");
}

}  // namespace
}  // namespace tally
