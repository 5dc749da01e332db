// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/path_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "container_fixture.h"

namespace tally {
namespace {

const std::string kA(64, 'a');
const std::string kB = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
// Ids that no directory of the fake hierarchy has.
constexpr CgroupId kElsewhere = 1'000'000'000'000;

/// A line of data/cgroup_paths.txt, which explains itself.
struct Expected {
    int line = 0;
    std::string path;
    std::string own;     ///< the part of it that is the container's
    std::string answer;  ///< "RUNTIME ID-OR-NAME" or "host LABEL"
};

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
    }
    return text;
}

std::string expand(const std::string& text) {
    const std::string pod = "4b6a0d60-1c2f-4a6e-9d0e-0123456789ab";
    return replace_all(
        replace_all(replace_all(replace_all(text, "{A}", kA), "{B}", kB), "{POD}", pod), "{POD_}",
        replace_all(pod, "-", "_"));
}

std::vector<Expected> corpus() {
    std::vector<Expected> all;
    std::ifstream file(std::string(TALLY_TEST_DIR) + "/unit/data/cgroup_paths.txt");
    std::string text;
    for (int line = 1; std::getline(file, text); ++line) {
        std::istringstream words(text);
        std::string who;
        std::string name;
        std::string path;
        if (text.empty() || text[0] == '#') {
            continue;
        }
        EXPECT_TRUE(words >> who >> name >> path) << "line " << line;
        path = expand(path);
        const std::string own = path.substr(0, path.find('|'));
        all.push_back({line, replace_all(path, "|", ""), own, who + " " + expand(name)});
    }
    return all;
}

class PathShapesTest : public FakeMachine {
  protected:
    /// Adds all cgroups of a path, as births; the id of the last.
    CgroupId add_path(Containers& containers, const std::string& path) const {
        CgroupId parent = id("");
        CgroupId next = kElsewhere;
        std::size_t at = 1;
        while (at < path.size()) {
            const std::size_t end = std::min(path.find('/', at), path.size());
            containers.add({next, parent, path.substr(at, end - at)});
            parent = next++;
            at = end + 1;
        }
        return parent;
    }
};

TEST_F(PathShapesTest, Corpus) {
    const std::vector<Expected> all = corpus();
    EXPECT_GT(all.size(), 150U);
    for (const Expected& expected : all) {
        SCOPED_TRACE("data/cgroup_paths.txt:" + std::to_string(expected.line) + " " +
                     expected.path);
        Containers containers(paths());
        containers.walk();
        const Owner owner = containers.owner_of(add_path(containers, expected.path));
        if (!owner.container) {
            EXPECT_EQ("host " + owner.label(), expected.answer);
            continue;
        }
        const Container& container = *owner.container;
        EXPECT_EQ(container.runtime + " " + container.id.value_or(container.name), expected.answer);
        EXPECT_EQ(owner.cgroup, expected.own);
    }
}

TEST(PathShapes, BytesOfOthers) {
    EXPECT_FALSE(directory_shape("", ""));
    EXPECT_FALSE(directory_shape("docker", std::string(64, '\0')));
    EXPECT_EQ(directory_shape("", "lxc.payload.\x1b[2J\n\xff")->name, "\x1b[2J\n\xff");
    EXPECT_EQ(directory_shape("machine.slice", "machine-\\xzz\\x41\\x.scope")->name, "\\xzzA\\x");
}

/// Only what has an id is made from SLICE:PREFIX:ID.
TEST(PathShapes, SystemdFormOfAName) {
    const std::string id(64, 'a');
    EXPECT_EQ(directory_shape("", "kube.slice:cri-containerd:" + id)->id, id);
    EXPECT_EQ(directory_shape("", "kube.slice:cri-containerd:" + id)->runtime, "containerd");
    for (const std::string prefix :
         {"lxc.payload.cri-containerd", "lxc.payload.x", "lxc.monitor", ""}) {
        EXPECT_FALSE(directory_shape("", "lxc.slice:" + prefix + ":" + id)) << prefix;
        EXPECT_FALSE(directory_shape("lxc", "lxc.slice:" + prefix + ":" + id)) << prefix;
    }
}

TEST(PathShapes, SystemdUnit) {
    const std::vector<std::pair<std::string, std::string>> kExpected = {
        {"/system.slice/nginx.service", "nginx.service"},
        {"/system.slice/nginx.service/worker", "nginx.service"},
        {"/system.slice/nginx.service/a.slice", "nginx.service"},
        {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service", "foo.service"},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice", "user@1000.service"},
        {"/user.slice/user-1000.slice", "user-1000.slice"},
        {"/system.slice", "system.slice"},
        {"/init.scope", "init.scope"},
        {"/system.slice/dbus.socket", "dbus.socket"},
        {"/system.slice/home.mount", "home.mount"},
        {"/system.slice/dev-sda2.swap", "dev-sda2.swap"},
        {"/machine.slice/libpod-x/sub", "machine.slice"},
        {"/docker/abc", ""},
        {"/.service", ""},
        {"/", ""},
        {"", ""},
    };
    for (const auto& [path, unit] : kExpected) {
        EXPECT_EQ(systemd_unit_of(path).value_or(""), unit) << path;
    }
    EXPECT_EQ(find_systemd_unit("/system.slice/nginx.service/worker")->length, 27U);
    EXPECT_TRUE(is_in_service("/system.slice/nginx.service/worker"));
    EXPECT_FALSE(is_in_service("/user.slice/user-1000.slice/session-3.scope"));
    EXPECT_FALSE(is_in_service("/service"));
}

TEST(PathShapes, UserOfSlice) {
    EXPECT_EQ(user_of_slice("/user.slice/user-1000.slice"), 1000U);
    EXPECT_EQ(user_of_slice("/user.slice/user-0.slice/x"), 0U);
    for (const std::string& path : std::vector<std::string>{
             "", "/", "/user.slice", "/user.slice/user-.slice", "/user.slice/user-1000",
             "/user.slice/user-1000.slicer", "/user.slice/user-1000.scope",
             "/user.slice/user--1.slice", "/user.slice/user-4294967296.slice",
             "/user.slice/user-1x.slice", "/docker/x/user.slice/user-1000.slice"}) {
        EXPECT_FALSE(user_of_slice(path)) << path;
    }
}

TEST(PathShapes, PodmanPodOf) {
    EXPECT_EQ(podman_pod_of("/libpod_parent/" + kB + "/libpod-" + kA), kB);
    EXPECT_EQ(
        podman_pod_of("/machine.slice/machine-libpod_pod_" + kB + ".slice/libpod-" + kA + ".scope"),
        kB);
    EXPECT_EQ(podman_pod_of("/user.slice/user-libpod_pod_" + kB + ".slice/libpod-" + kA + ".scope"),
              kB);
    for (const std::string& path : std::vector<std::string>{
             "", "/", "/libpod-" + kA, "/libpod_parent/libpod-" + kA, "/" + kB + "/" + kA,
             "/libpod_pod_.slice/libpod-" + kA, "/x-libpod_pod_" + kB + "/libpod-" + kA,
             "/x-libpod_pod_" + kB.substr(1) + ".slice/libpod-" + kA}) {
        EXPECT_FALSE(podman_pod_of(path)) << path;
    }
}

TEST(PathShapes, OciCgroupsPath) {
    EXPECT_EQ(expand_cgroups_path("/default/web"), "/default/web");
    EXPECT_EQ(expand_cgroups_path("/odd:one:two"), "/odd:one:two");
    EXPECT_EQ(expand_cgroups_path("web"), "/web");
    EXPECT_EQ(expand_cgroups_path("system.slice:nerdctl:x"), "/system.slice/nerdctl-x.scope");
    EXPECT_EQ(expand_cgroups_path(":runc:x"), "/system.slice/runc-x.scope");
    EXPECT_EQ(expand_cgroups_path("a-b-c.slice:cri-containerd:x"),
              "/a.slice/a-b.slice/a-b-c.slice/cri-containerd-x.scope");
    EXPECT_EQ(expand_cgroups_path("-.slice::x"), "/x.scope");
    EXPECT_EQ(expand_cgroups_path("a.slice:p:pod.slice"), "/a.slice/pod.slice");
    EXPECT_EQ(expand_cgroups_path("::"), "/system.slice/.scope");
    // Were it a slice, its path would have 500 GB.
    const std::string dashes = std::string(1'000'000, '-') + ".slice:a:b";
    EXPECT_EQ(expand_cgroups_path(dashes), "/" + dashes);
}

TEST(PathShapes, ShortId) {
    EXPECT_EQ(short_id(kB), "0123456789ab");
    EXPECT_EQ(short_id("a-name-that-somebody-chose"), "a-name-that-somebody-chose");
}

}  // namespace
}  // namespace tally
