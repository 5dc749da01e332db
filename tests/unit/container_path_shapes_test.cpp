// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/path_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "container_fixture.h"

namespace tally {
namespace {

const std::string kA(64, 'a');
const std::string kB = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kUid = "4b6a0d60-1c2f-4a6e-9d0e-0123456789ab";
const std::string kUidInSlice = "4b6a0d60_1c2f_4a6e_9d0e_0123456789ab";
const std::string kStaticUid = "00112233445566778899aabbccddeeff";

// Ids that no directory of the fake hierarchy has.
constexpr CgroupId kElsewhere = 1'000'000'000'000;

struct Expected {
    std::string path;
    std::string found;  ///< RUNTIME, ' ', id or name; empty: no container
    std::string own;    ///< the container's own path
};

Expected none(const std::string& path) {
    return {path, "", ""};
}

/// The whole path is the container's own.
Expected whole(const std::string& path, const std::string& found) {
    return {path, found, path};
}

/// The container's own path, and a part below it.
Expected part(const std::string& own, const std::string& below, const std::string& found) {
    return {own + below, found, own};
}

std::vector<Expected> corpus() {
    const std::string burstable = "/kubepods.slice/kubepods-burstable.slice/";
    const std::string user = "/user.slice/user-1000.slice/user@1000.service/user.slice/";
    return {
        // docker
        whole("/docker/" + kA, "docker " + kA),
        part("/docker/" + kA, "/init.scope", "docker " + kA),
        whole("/system.slice/docker-" + kA + ".scope", "docker " + kA),
        part("/system.slice/docker-" + kA + ".scope", "/system.slice/cron.service", "docker " + kA),
        whole(user + "docker-" + kA + ".scope", "docker " + kA),
        whole("/docker/" + kA + "/docker/" + kB, "docker " + kB),
        part("/docker/" + kA + "/docker/" + kB, "/x/y", "docker " + kB),
        whole("/mygroup/" + kA, "oci " + kA),
        whole("/ecs/0123456789abcdef0123456789abcdef/" + kA, "oci " + kA),
        whole("/" + kA, "oci " + kA),
        none("/docker"),
        none("/docker/buildkit"),
        none("/docker-foo.slice"),
        none("/system.slice/docker.service"),
        none("/system.slice/docker.socket"),
        none("/docker/" + kA.substr(1)),
        none("/docker/" + kA + "a"),
        none("/docker/" + std::string(64, 'A')),
        none("/docker/" + std::string(63, 'a') + "g"),
        none("/system.slice/docker-" + kA + ".slice"),
        none("/system.slice/docker-" + kA.substr(1) + ".scope"),
        none("/system.slice/docker-" + kA),
        none("/system.slice/xdocker-" + kA + ".scope"),
        // containerd: CRI and nerdctl
        whole("/kubepods/burstable/pod" + kUid + "/" + kA, "oci " + kA),
        whole("/kubepods/besteffort/pod" + kUid + "/" + kA, "oci " + kA),
        whole("/kubepods/pod" + kUid + "/" + kA, "oci " + kA),
        whole("/kubepods/pod" + kStaticUid + "/" + kA, "oci " + kA),
        whole("/kubelet/kubepods/burstable/pod" + kUid + "/" + kA, "oci " + kA),
        part("/kubepods/burstable/pod" + kUid + "/" + kA, "/sub", "oci " + kA),
        whole(burstable + "kubepods-burstable-pod" + kUidInSlice + ".slice/cri-containerd-" + kA +
                  ".scope",
              "containerd " + kA),
        whole(
            "/kubepods.slice/kubepods-pod" + kUidInSlice + ".slice/cri-containerd-" + kA + ".scope",
            "containerd " + kA),
        whole("/docker/" + kB +
                  "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
                  "kubelet-kubepods-besteffort-pod" +
                  kUidInSlice + ".slice/cri-containerd-" + kA + ".scope",
              "containerd " + kA),
        part("/docker/" + kB, "/kubelet.slice/kubelet.service", "docker " + kB),
        whole("/docker/" + kB + "/kubelet/kubepods/pod" + kUid + "/" + kA, "oci " + kA),
        whole("/kubepods/podnothing/" + kA, "oci " + kA),
        whole("/system.slice/nerdctl-" + kA + ".scope", "containerd " + kA),
        whole("/default/" + kA, "oci " + kA),
        none("/default/web"),
        none("/system.slice/containerd.service"),
        none("/system.slice/containerd.service/kubepods-burstable-pod" + kUidInSlice + ".slice"),
        none("/kubepods/burstable/pod" + kUid),
        none(burstable + "kubepods-burstable-pod" + kUidInSlice + ".slice"),
        // CRI-O
        whole(burstable + "kubepods-burstable-pod" + kUidInSlice + ".slice/crio-" + kA + ".scope",
              "cri-o " + kA),
        part(burstable + "kubepods-burstable-pod" + kUidInSlice + ".slice/crio-" + kA + ".scope",
             "/container", "cri-o " + kA),
        whole("/kubepods/burstable/pod" + kUid + "/crio-" + kA, "cri-o " + kA),
        none(burstable + "kubepods-burstable-pod" + kUidInSlice + ".slice/crio-conmon-" + kA +
             ".scope"),
        none("/system.slice/crio.service"),
        // podman
        whole("/machine.slice/libpod-" + kA + ".scope", "podman " + kA),
        part("/machine.slice/libpod-" + kA + ".scope", "/container", "podman " + kA),
        part("/machine.slice/libpod-" + kA + ".scope", "/container/system.slice/nginx.service",
             "podman " + kA),
        whole(user + "libpod-" + kA + ".scope", "podman " + kA),
        whole("/libpod_parent/libpod-" + kA, "podman " + kA),
        whole("/libpod_parent/" + kB + "/libpod-" + kA, "podman " + kA),
        whole("/machine.slice/machine-libpod_pod_" + kB + ".slice/libpod-" + kA + ".scope",
              "podman " + kA),
        whole("/system.slice/web.service/libpod-payload-" + kA, "podman " + kA),
        part("/system.slice/web.service/libpod-payload-" + kA, "/container", "podman " + kA),
        whole(
            "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" +
                kA,
            "podman " + kA),
        none("/system.slice/web.service/supervisor"),
        none("/system.slice/web.service/libpod-payload-" + kA.substr(1)),
        none("/libpod_parent/" + kB),
        none("/libpod_parent/conmon"),
        none("/libpod_parent"),
        none("/machine.slice/machine-libpod_pod_" + kB + ".slice"),
        none("/machine.slice/libpod-conmon-" + kA + ".scope"),
        none(user + "libpod-conmon-" + kA + ".scope"),
        none("/libpod_parent/libpod-conmon-" + kA),
        none("/user.slice/user-1000.slice/user@1000.service/app.slice/podman.service"),
        // LXC
        whole("/lxc.payload.web", "lxc web"),
        part("/lxc.payload.web", "/.lxc", "lxc web"),
        part("/lxc.payload.web", "/system.slice/nginx.service", "lxc web"),
        whole("/lxc.payload/web", "lxc web"),
        whole("/lxc/web", "lxc web"),
        whole("/lxc.payload.outer/lxc.payload.inner", "lxc inner"),
        whole("/lxc.payload.outer/docker/" + kA, "docker " + kA),
        whole("/lxc.payload.a.b-c", "lxc a.b-c"),
        none("/lxc.monitor.web"),
        none("/lxc.monitor/web"),
        none("/lxc.monitor"),
        none("/lxc.pivot"),
        none("/lxc"),
        none("/lxc/lxc.monitor.web"),
        none("/lxc.payload"),
        none("/lxc.payload."),
        none("/system.slice/lxc.service"),
        // systemd-nspawn
        whole("/machine.slice/machine-web.scope", "nspawn web"),
        part("/machine.slice/machine-web.scope", "/payload", "nspawn web"),
        part("/machine.slice/machine-web.scope", "/supervisor", "nspawn web"),
        whole("/machine.slice/machine-my\\x2dweb.scope", "nspawn my-web"),
        whole("/machine.slice/machine-my-web.scope", "nspawn my-web"),
        whole("/machine.slice/machine-a\\x2.scope", "nspawn a\\x2"),
        part("/machine.slice/systemd-nspawn@web.service", "/payload", "nspawn web"),
        whole("/machine.slice/systemd-nspawn@my\\x2dweb.service", "nspawn my-web"),
        none("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope"),
        none("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator"),
        none("/machine.slice/machine-lxc\\x2d42\\x2dbox.scope"),
        none("/machine.slice"),
        none("/machine.slice/machine-.scope"),
        none("/other.slice/machine-web.scope"),
        none("/machine.slice/systemd-nspawn@.service"),
        // the host
        none("/"),
        none(""),
        none("/init.scope"),
        none("/system.slice/nginx.service"),
        none("/system.slice/systemd-resolved.service"),
        none("/system.slice/system-getty.slice/getty@tty1.service"),
        none("/user.slice/user-1000.slice/session-3.scope"),
        none("/system.slice/run-docker-runtime\\x2drunc-moby-" + kA + "-runc.x.mount"),
    };
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
    for (const Expected& expected : corpus()) {
        SCOPED_TRACE(expected.path);
        Containers containers(paths());
        containers.walk();
        const Owner owner = containers.owner_of(add_path(containers, expected.path));
        if (expected.found.empty()) {
            EXPECT_FALSE(owner.container);
            continue;
        }
        ASSERT_TRUE(owner.container);
        const Container& container = *owner.container;
        EXPECT_EQ(container.runtime + " " + container.id.value_or(container.name), expected.found);
        EXPECT_EQ(owner.cgroup, expected.own);
    }
}

TEST(PathShapes, BytesOfOthers) {
    EXPECT_FALSE(directory_shape("", ""));
    EXPECT_FALSE(directory_shape("docker", std::string(64, '\0')));
    EXPECT_EQ(directory_shape("", "lxc.payload.\x1b[2J\n\xff")->name, "\x1b[2J\n\xff");
    EXPECT_EQ(directory_shape("machine.slice", "machine-\\xzz\\x41\\x.scope")->name, "\\xzzA\\x");
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
}

TEST(PathShapes, ShortId) {
    EXPECT_EQ(short_id(kB), "0123456789ab");
    EXPECT_EQ(short_id("a-name-that-somebody-chose"), "a-name-that-somebody-chose");
}

}  // namespace
}  // namespace tally
