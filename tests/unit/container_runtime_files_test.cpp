// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/runtime_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "container_fixture.h"

namespace tally {
namespace {

const std::string kA(64, 'a');
const std::string kB(64, 'b');
const std::string kTasks = "/run/containerd/io.containerd.runtime.v2.task/";
const std::string kStorage = "/var/lib/containers/storage/overlay-containers/";

Container container(const std::string& name, const std::string& id, const std::string& runtime) {
    Container made;
    made.name = name;
    made.id = id;
    made.runtime = runtime;
    return made;
}

Container in_pod(Container made, const std::string& name_space, const std::string& pod) {
    made.pod_namespace = name_space;
    made.pod = pod;
    return made;
}

class RuntimeFilesTest : public FakeMachine {
  protected:
    std::optional<Container> by_id(const std::string& id, const std::string& runtime = "") {
        return RuntimeFiles(root()).by_id(id, runtime);
    }
};

TEST_F(RuntimeFilesTest, Docker) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    write(file, R"({"State":{"Running":true},"Config":{"Labels":{}},"Name":"/web"})");
    EXPECT_EQ(by_id(kA, "docker"), container("web", kA, "docker"));
    EXPECT_EQ(by_id(kA), container("web", kA, "docker"));
    EXPECT_EQ(by_id(kA, "podman"), std::nullopt);
    write(file, R"({"Name":"/","Config":{"Labels":null}})");
    EXPECT_EQ(by_id(kA, "docker"), container("aaaaaaaaaaaa", kA, "docker"));
    write(file, R"({"Name":"/k8s_web_shop_prod_0_0","Config":{"Labels":{
        "io.kubernetes.container.name":"web","io.kubernetes.pod.name":"shop",
        "io.kubernetes.pod.namespace":"prod","io.kubernetes.docker.type":"container"}}})");
    EXPECT_EQ(by_id(kA, "docker"), in_pod(container("web", kA, "docker"), "prod", "shop"));
    write(file, R"({"Name":"/k8s_POD_shop_prod_0_0","Config":{"Labels":{
        "io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod",
        "io.kubernetes.docker.type":"podsandbox"}}})");
    EXPECT_EQ(by_id(kA, "docker"), in_pod(container("POD", kA, "docker"), "prod", "shop"));
}

TEST_F(RuntimeFilesTest, ADifferentFileIsReadAgain) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    RuntimeFiles files(root());
    write(file, R"({"Name":"/one"})");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "one");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "one");
    write(file, R"({"Name":"/two"})");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "two");
    files.forget_unread();
    EXPECT_EQ(files.by_id(kA, "docker")->name, "two");
    files.forget_unread();
    files.forget_unread();
    EXPECT_EQ(files.by_id(kA, "docker")->name, "two");
}

TEST_F(RuntimeFilesTest, Podman) {
    write(kStorage + "containers.json",
          R"([{"id":")" + kB + R"(","names":["other"]},{"id":")" + kA +
              R"(","names":["web","x"],"image":"i"},{"id":7,"names":7},{},null])");
    EXPECT_EQ(by_id(kA, "podman"), container("web", kA, "podman"));
    EXPECT_EQ(by_id(kA), container("web", kA, "podman"));
    // A pod's container that says more, and its first container, which keeps its own name.
    write(kStorage + kA + "/userdata/config.json",
          R"({"hostname":"aaaaaaaaaaaa","annotations":{"io.container.manager":"libpod",
              "io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.cri-o.TTY":"false"}})");
    EXPECT_EQ(by_id(kA), container("web", kA, "podman"));
    write("/var/lib/containers/storage/vfs-containers/containers.json",
          R"([{"id":")" + std::string(64, 'c') + R"(","names":["on-vfs"]}])");
    EXPECT_EQ(by_id(std::string(64, 'c'), "podman")->name, "on-vfs");
    EXPECT_EQ(by_id(std::string(64, 'd'), "podman"), std::nullopt);
}

TEST_F(RuntimeFilesTest, CriO) {
    write(kStorage + "containers.json", R"([{"id":")" + kA +
                                            R"(","names":["k8s_web_shop_prod_0_0"]},{"id":")" + kB +
                                            R"(","names":["k8s_POD_shop_prod_0_0"]}])");
    write(kStorage + kA + "/userdata/config.json", R"({"annotations":{
        "io.container.manager":"cri-o","io.kubernetes.container.name":"web",
        "io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod",
        "io.kubernetes.cri-o.ContainerType":"container"}})");
    write(kStorage + kB + "/userdata/config.json", R"({"annotations":{
        "io.container.manager":"cri-o","io.kubernetes.container.name":"POD",
        "io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod",
        "io.kubernetes.cri-o.ContainerType":"sandbox"}})");
    EXPECT_EQ(by_id(kA, "cri-o"), in_pod(container("web", kA, "cri-o"), "prod", "shop"));
    EXPECT_EQ(by_id(kA), in_pod(container("web", kA, "cri-o"), "prod", "shop"));
    EXPECT_EQ(by_id(kB, "cri-o"), in_pod(container("POD", kB, "cri-o"), "prod", "shop"));
}

TEST_F(RuntimeFilesTest, Containerd) {
    const std::string cri = R"({"annotations":{
        "io.kubernetes.cri.container-name":"web","io.kubernetes.cri.sandbox-name":"shop",
        "io.kubernetes.cri.sandbox-namespace":"prod",
        "io.kubernetes.cri.container-type":"container"},
        "linux":{"cgroupsPath":"a.slice:cri-containerd:x"}})";
    write(kTasks + "k8s.io/" + kA + "/config.json", cri);
    EXPECT_EQ(by_id(kA, "containerd"), in_pod(container("web", kA, "containerd"), "prod", "shop"));
    EXPECT_EQ(by_id(kA), by_id(kA, "containerd"));
    write(kTasks + "k8s.io/" + kB + "/config.json", R"({"annotations":{
        "io.kubernetes.cri.sandbox-name":"shop","io.kubernetes.cri.sandbox-namespace":"prod",
        "io.kubernetes.cri.container-type":"sandbox"}})");
    EXPECT_EQ(by_id(kB), in_pod(container("POD", kB, "containerd"), "prod", "shop"));
    const std::string c(64, 'c');
    write("/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" + c + "/config.json", cri);
    EXPECT_EQ(by_id(c, "containerd")->pod, "shop");
    const std::string d(64, 'd');
    write(kTasks + "default/" + d + "/config.json",
          R"({"annotations":{"nerdctl/name":"web","nerdctl/namespace":"default"}})");
    EXPECT_EQ(by_id(d, "containerd"), container("web", d, "containerd"));
    const std::string e(64, 'e');
    write(kTasks + "default/" + e + "/config.json", "{}");
    EXPECT_EQ(by_id(e), container("eeeeeeeeeeee", e, "containerd"));
}

TEST_F(RuntimeFilesTest, ContainersWhoseCgroupOnlyFilesKnow) {
    write(kTasks + "default/web/config.json", R"({"linux":{"cgroupsPath":"/default/web"}})");
    write("/run/runc/two/state.json", R"({"id":"two","cgroup_paths":{
        "":"/sys/fs/cgroup/unified/x/two","cpu":"/sys/fs/cgroup/cpu/x/two","odd":7},
        "config":{"labels":["io.kubernetes.cri.container-name=db",
        "io.kubernetes.cri.sandbox-name=shop","novalue",null,"bundle=/b"],
        "cgroups":{"path":"/x/two"}}})");
    write("/run/crun/three/status", R"({"pid":5,"cgroup-path":"/y/three","bundle":"/b/three"})");
    write("/b/three/config.json", R"({"annotations":{"nerdctl/name":"drei"}})");
    auto all = RuntimeFiles(root()).with_cgroup();
    std::sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
        return one.container.runtime < other.container.runtime;
    });
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].container, container("web", "web", "containerd"));
    EXPECT_EQ(all[0].cgroups, std::vector<std::string>{"/default/web"});
    EXPECT_EQ(all[1].container, container("drei", "three", "crun"));
    EXPECT_EQ(all[1].cgroups, std::vector<std::string>{"/y/three"});
    EXPECT_EQ(all[2].container.name, "db");
    EXPECT_EQ(all[2].container.id, "two");
    EXPECT_EQ(all[2].container.pod, "shop");
    EXPECT_EQ(all[2].container.pod_namespace, std::nullopt);
    EXPECT_EQ(all[2].cgroups, (std::vector<std::string>{"/sys/fs/cgroup/unified/x/two",
                                                        "/sys/fs/cgroup/cpu/x/two", "/x/two"}));
    // crun's own copy of the bundle's file comes first.
    write("/run/crun/three/config.json", R"({"annotations":{"nerdctl/name":"trois"}})");
    write("/run/runc/" + kA + "/state.json", R"({"id":"x"})");
    EXPECT_EQ(by_id(kA), container("aaaaaaaaaaaa", kA, "runc"));
    EXPECT_EQ(RuntimeFiles(root()).by_id("three", "")->name, "trois");
}

TEST_F(RuntimeFilesTest, HostileText) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    const std::string deep(1'000'000, '[');
    std::string deep_objects;
    for (int level = 0; level < 100'000; ++level) {
        deep_objects += R"({"Config":)";
    }
    const std::vector<std::string> kUseless = {
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        deep,
        deep_objects,
        std::string(100, '\0'),
        "{\"Name\":1e999999}",
        "\xff\xfe{",
        "{\"Name\":\"x\"} trailing",
        "{\"Name\":\"/web\",\"pad\":\"" + std::string(10'000'000, 'x') + "\"}",
    };
    for (const std::string& text : kUseless) {
        write(file, text);
        EXPECT_EQ(by_id(kA, "docker"), std::nullopt) << text.substr(0, 40);
        EXPECT_FALSE(parse_runc_state(text.substr(0, 2'000'000)));
        EXPECT_FALSE(parse_crun_status(text.substr(0, 2'000'000)));
        EXPECT_FALSE(parse_oci_config(text.substr(0, 2'000'000)));
    }
    // Well-formed, nested nearly a million deep; and deeper, which nobody writes.
    for (const std::size_t levels : {999'000U, 1'000'000U}) {
        write(file,
              R"({"Name":"/web","x":)" + std::string(levels, '[') + std::string(levels, ']') + "}");
        EXPECT_EQ(by_id(kA, "docker").has_value(), levels < 1'000'000);
    }
    const std::vector<std::string> kOdd = {
        R"({})",
        R"({"Name":7,"Config":7})",
        R"({"Name":["/web"],"Config":{"Labels":["io.kubernetes.pod.name"]}})",
        R"({"Name":null,"Config":{"Labels":{"io.kubernetes.pod.name":{}}}})",
    };
    for (const std::string& text : kOdd) {
        write(file, text);
        EXPECT_EQ(by_id(kA, "docker"), container("aaaaaaaaaaaa", kA, "docker")) << text;
        EXPECT_TRUE(parse_runc_state(text));
        EXPECT_TRUE(parse_oci_config(text));
    }
    EXPECT_TRUE(parse_runc_state(R"({"cgroup_paths":[],"config":{"labels":{},"cgroups":[]}})"));
    EXPECT_TRUE(parse_oci_config(R"({"annotations":[1],"linux":{"cgroupsPath":{}}})"));
    EXPECT_FALSE(parse_storage_names(deep));
    EXPECT_FALSE(parse_storage_names("{}"));
    EXPECT_TRUE(parse_storage_names(R"([{"id":"x","names":[]},{"names":[null]},[]])"));
}

TEST_F(RuntimeFilesTest, NamesAreKeptAsBytes) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    write(file, "{\"Name\":\"/a\xff\xfe\\n\\u001b[2J\\u0000b\"}");
    EXPECT_EQ(by_id(kA, "docker")->name, std::string("a\xff\xfe\n\x1b[2J\0b", 10));
}

TEST_F(RuntimeFilesTest, HostileFiles) {
    const std::string directory = "/var/lib/docker/containers/";
    write(directory + kB + "/config.v2.json", R"({"Name":"/b"})");
    const std::string own = root() + directory + kA;
    std::filesystem::create_directories(own);
    const std::string file = own + "/config.v2.json";
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    std::filesystem::remove(file);
    std::filesystem::create_symlink("config.v2.json", file);
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    std::filesystem::remove(file);
    std::filesystem::create_symlink("/dev/zero", file);
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    // State directories that are something else.
    write("/run/containerd/io.containerd.runtime.v2.task", "a file");
    std::filesystem::create_directories(root() + "/run/crun/x");
    ASSERT_EQ(::mkfifo((root() + "/run/runc").c_str(), 0600), 0);
    ASSERT_EQ(::mkfifo((root() + "/run/crun/x/status").c_str(), 0600), 0);
    std::filesystem::create_symlink(".", root() + "/run/crun/loop");
    EXPECT_TRUE(RuntimeFiles(root()).with_cgroup().empty());
}

}  // namespace
}  // namespace tally
