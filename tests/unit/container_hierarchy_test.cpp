// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/hierarchy.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "container_fixture.h"

namespace tally {
namespace {

using Strings = std::vector<std::string>;

const std::string kVersion1Mounts =
    "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:29 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids\n"
    "33 30 0:30 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio\n"
    "34 30 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd"
    "\n";
const std::string kVersion2Mount =
    "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
const std::string kOwn =
    "9:name=systemd:/user.slice\n8:pids:/user.slice\n7:blkio:/\n1:cpu,cpuacct:/\n0::/user.slice\n";

Strings names_of(const std::vector<Hierarchy>& hierarchies) {
    Strings names;
    for (const Hierarchy& each : hierarchies) {
        names.push_back(each.name);
    }
    return names;
}

std::vector<Hierarchy> hybrid() {
    return find_hierarchies(kVersion1Mounts + kVersion2Mount, kOwn);
}
std::vector<Hierarchy> version_1_only() {
    return find_hierarchies(kVersion1Mounts, kOwn);
}

ProcessPlace in_container(std::map<std::uint32_t, std::string> cgroups) {
    return {std::move(cgroups), true};
}
ProcessPlace on_host(std::map<std::uint32_t, std::string> cgroups) {
    return {std::move(cgroups), false};
}

const std::string kId(64, 'a');

TEST(Hierarchies, FromMountinfo) {
    EXPECT_TRUE(find_hierarchies("", "").empty());
    EXPECT_TRUE(find_hierarchies("", kOwn).empty());
    EXPECT_TRUE(find_hierarchies("\n\nrubbish\n30 22\n", "\nrubbish\nx:y:z\n0\n:\n").empty());
    const auto all = hybrid();
    EXPECT_EQ(names_of(all), (Strings{"unified", "pids", "cpu,cpuacct", "blkio", "name=systemd"}));
    EXPECT_EQ(all[0], (Hierarchy{0, {}, "unified", "/sys/fs/cgroup/unified"}));
    EXPECT_EQ(all[2],
              (Hierarchy{1, {"cpu", "cpuacct"}, "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct"}));
    EXPECT_EQ(all[4], (Hierarchy{9, {}, "name=systemd", "/sys/fs/cgroup/systemd"}));
    EXPECT_EQ(names_of(version_1_only()),
              (Strings{"pids", "cpu,cpuacct", "blkio", "name=systemd"}));
}

TEST(Hierarchies, OnlyWithTheirRootVisible) {
    // A part of the tree is passed over; optional fields stand before the dash.
    const auto found = find_hierarchies(
        "25 1 0:22 /docker/x /mnt rw shared:9 - cgroup2 cgroup2 rw\n"
        "26 1 0:22 / /my\\040cgroup\\134x rw shared:9 master:1 - cgroup2 cgroup2 rw\n"
        "27 1 0:23 /x /pids rw - cgroup cgroup rw,pids\n",
        "3:pids:/\n0::/\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].mount_point, "/my cgroup\\x");
    EXPECT_EQ(find_hierarchies("26 1 0:22 / /a\\04 rw - cgroup2 none rw", "0::/")[0].mount_point,
              "/a\\04");
    EXPECT_TRUE(find_hierarchies("26 1 0:22 / /cgroup2 rw - ext4 cgroup2 rw", "0::/").empty());
    EXPECT_TRUE(find_hierarchies("26 1 0:22 / /pids rw - cgroup2 pids rw", "3:pids:/").empty());
}

TEST(Hierarchies, Names) {
    const auto all = hybrid();
    for (const char* word : {"unified", "v2"}) {
        EXPECT_TRUE(all[0].is_called(word));
        EXPECT_FALSE(all[1].is_called(word));
    }
    for (const char* word : {"cpu", "cpuacct", "cpu,cpuacct"}) {
        EXPECT_TRUE(all[2].is_called(word)) << word;
    }
    for (const char* word : {"systemd", "name=systemd"}) {
        EXPECT_TRUE(all[4].is_called(word)) << word;
    }
    for (const Hierarchy& each : all) {
        EXPECT_FALSE(each.is_called("")) << each.name;
        EXPECT_FALSE(each.is_called("name=")) << each.name;
    }
}

TEST(ProcessPlaces, FromProc) {
    const auto place =
        parse_process_place("8:pids:/a:b\n0::/\n", "Name:\tx\nNSpid:\t70\t1\nX:\t1\n");
    EXPECT_EQ(place.cgroups, (std::map<std::uint32_t, std::string>{{8, "/a:b"}, {0, "/"}}));
    EXPECT_TRUE(place.own_pid_namespace);
    EXPECT_FALSE(
        parse_process_place("", "Name:\tx\nNSpid:\t70\nNSpgid:\t70\t1\n").own_pid_namespace);
    EXPECT_FALSE(parse_process_place("", "").own_pid_namespace);
}

class ProcessPlacesOfAMachine : public FakeMachine {};

TEST_F(ProcessPlacesOfAMachine, AreThoseOfAllProcesses) {
    write("/proc/1/cgroup", "0::/\n");
    write("/proc/1/status", "Name:\tinit\nNSpid:\t1\n");
    write("/proc/23/cgroup", "0::/web\n");
    write("/proc/23/status", "Name:\tweb\nNSpid:\t23\t1\n");
    write("/proc/24/cgroup", "0::/x.service\n");  // its status is not read
    write("/proc/25/dying", "");
    write("/proc/sys/cgroup", "0::/not-a-process\n");
    const auto places = read_process_places(root() + "/proc");
    ASSERT_EQ(places.size(), 3U);
    EXPECT_EQ(take_census(places).processes, (std::map<std::uint32_t, std::size_t>{{0, 1}}));
    EXPECT_TRUE(read_process_places(root() + "/nothing").empty());
}

TEST(ContainerCensus, ByShapeAndByNamespace) {
    using Counts = std::map<std::uint32_t, std::size_t>;
    // By the shape of its path alone: the container shares the host's pid namespace.
    EXPECT_EQ(take_census({on_host({{0, "/"}, {8, "/docker/" + kId}})}).processes,
              (Counts{{8, 1}}));
    // By its pid namespace: neither in the root, nor in a service, nor beside the host's own.
    EXPECT_EQ(take_census({in_container({{0, "/"}, {8, "/web"}})}).processes, (Counts{{8, 1}}));
    EXPECT_EQ(take_census({in_container({{0, "/system.slice/x.service"}, {8, "/web"}})}).processes,
              (Counts{{8, 1}}));
    EXPECT_EQ(take_census({in_container({{0, "/machine"}, {8, "/web"}}),
                           on_host({{0, "/machine/inner"}, {8, "/"}})})
                  .processes,
              (Counts{{8, 1}}));
    const auto both = take_census(
        {in_container({{0, "/web"}, {8, "/web"}}), in_container({{0, "/"}, {8, "/db"}})});
    EXPECT_EQ(both.processes, (Counts{{0, 1}, {8, 2}}));
    EXPECT_EQ(both.not_unified, (Counts{{8, 1}}));
    EXPECT_TRUE(take_census({on_host({{0, "/user.slice"}, {8, "/user.slice"}})}).processes.empty());
}

TEST(ChooseHierarchy, Version2WhereContainersLiveInIt) {
    const auto choice = choose_hierarchy(
        hybrid(), take_census({in_container({{0, "/web"}, {8, "/web"}, {1, "/web"}})}));
    EXPECT_EQ(choice.hierarchy.name, "unified");
    EXPECT_EQ(choice.reason, "containers live in it");
    EXPECT_EQ(choice.warning, "");
}

TEST(ChooseHierarchy, Version2WhereNoneLive) {
    const auto choice = choose_hierarchy(hybrid(), take_census({on_host({{8, "/x"}})}));
    EXPECT_EQ(choice.hierarchy.name, "unified");
    EXPECT_NE(choice.reason.find("no container runs here"), std::string::npos);
}

TEST(ChooseHierarchy, ThatOfVersion1WithMostOfThem) {
    const auto choice = choose_hierarchy(
        hybrid(), take_census({in_container({{0, "/"}, {7, "/web"}, {8, "/"}}),
                               in_container({{0, "/"}, {7, "/web"}, {8, "/web"}})}));
    EXPECT_EQ(choice.hierarchy.name, "blkio");
    EXPECT_EQ(choice.reason, "2 processes of containers in it, and none in version 2");
    EXPECT_EQ(choice.warning, "");
    const auto equal = choose_hierarchy(
        hybrid(), take_census({in_container({{0, "/"}, {7, "/web"}, {8, "/web"}, {9, "/web"}})}));
    EXPECT_EQ(equal.hierarchy.name, "pids");
    EXPECT_EQ(equal.reason, "1 process of containers in it, and none in version 2");
}

TEST(ChooseHierarchy, SaysWhatVersion2DoesNotShow) {
    const auto choice = choose_hierarchy(
        hybrid(),
        take_census({in_container({{0, "/web"}, {8, "/web"}}), in_container({{0, "/"}, {7, "/db"}}),
                     in_container({{0, "/"}, {7, "/db"}})}));
    EXPECT_EQ(choice.hierarchy.name, "unified");
    EXPECT_EQ(choice.warning,
              "2 processes of containers are only in cgroups of version 1 and not distinguished; "
              "--hierarchy blkio shows those");
}

TEST(ChooseHierarchy, WhereOnlyOneVersionIsMounted) {
    const auto none = choose_hierarchy(version_1_only(), {});
    EXPECT_EQ(none.hierarchy.name, "pids");
    EXPECT_NE(none.reason.find("version 2 is not mounted"), std::string::npos);
    const auto some =
        choose_hierarchy(version_1_only(), take_census({in_container({{1, "/web"}, {8, "/"}})}));
    EXPECT_EQ(some.hierarchy.name, "cpu,cpuacct");
    const auto one = choose_hierarchy(find_hierarchies(kVersion2Mount, "0::/"), {});
    EXPECT_EQ(one.hierarchy.name, "unified");
    EXPECT_NE(one.reason.find("version 1 is not mounted"), std::string::npos);
}

}  // namespace
}  // namespace tally
