// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/runtime_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

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
    /// A user with a home on the fake machine, to whom files can be given: whoever runs this, where
    /// that is not root.
    uid_t make_user(const std::string& home) const {
        const uid_t user = ::geteuid() == 0 ? 4242 : ::geteuid();
        write("/etc/passwd",
              "root:x:0:0::/root:\nu:x:" + std::to_string(user) + ":1::" + home + ":\n");
        return user;
    }
    void write_as(uid_t user, const std::string& path, const std::string& text) const {
        write(path, text);
        ASSERT_EQ(::chown((root() + path).c_str(), user, static_cast<gid_t>(-1)), 0);
    }
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

TEST_F(RuntimeFilesTest, AFileWrittenInPlaceIsReadAgain) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    RuntimeFiles files(root());
    write(file, R"({"Name":"/one"})");
    // Same inode, same size, and where the clock of files is coarse the same time.
    for (const std::string& name : std::vector<std::string>{"two", "six", "ten"}) {
        std::ofstream(root() + file, std::ios::binary) << R"({"Name":"/)" + name + R"("})";
        files.forget_unread();
        EXPECT_EQ(files.by_id(kA, "docker")->name, name);
    }
}

TEST_F(RuntimeFilesTest, AFileThatIsBrokenSaysWhatItSaidBefore) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    RuntimeFiles files(root());
    write(file, R"({"Name":"/one"})");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "one");
    write(file, R"({"Name":"/tw)");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "one");
    write(file, R"({"Name":"/two"})");
    EXPECT_EQ(files.by_id(kA, "docker")->name, "two");
    std::filesystem::remove(root() + file);
    EXPECT_EQ(files.by_id(kA, "docker"), std::nullopt);
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

// data/podman: see container_podman_pods_test.cpp.
const std::string kInfra = "a773f41087c4106be7181bcc6657fa9f5297011dae43be30ba6bf8dc6a4eb635";
const std::string kFront = "1115501b30d54d0d01038d97ff2c1ad173bf495ba967bdcfcdc9d191192f663e";
const std::string kWeb = "80884eab89a13d1e5965b966ee05ebf7f771632af7533aac4ec2e7510ba8218c";

std::string sample(const std::string& name) {
    std::ifstream file(std::string(TALLY_TEST_DIR) + "/unit/data/podman/" + name, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_FALSE(bytes.empty()) << name;
    return bytes;
}

TEST_F(RuntimeFilesTest, PodsOfPodman) {
    write(kStorage + "containers.json", sample("containers.json"));
    write(kStorage + kInfra + "/userdata/config.json", sample("infra.json"));
    write(kStorage + kFront + "/userdata/config.json", sample("front.json"));
    const auto in = [](Container made, const std::string& pod) {
        made.pod = pod;
        return made;
    };
    const Container infra = container("aad1f233407e-infra", kInfra, "podman");
    const Container front = container("front", kFront, "podman");
    // No database that can be read: the pod's id, by the path of the cgroup.
    EXPECT_EQ(by_id(kInfra), in(infra, "aad1f233407e"));
    EXPECT_EQ(by_id(kFront, "podman"), in(front, "aad1f233407e"));
    EXPECT_EQ(by_id(kWeb, "podman"), container("web", kWeb, "podman"));
    const std::string storage = "/var/lib/containers/storage/";
    for (const std::string& database :
         std::vector<std::string>{"libpod/bolt_state.db", "db.sql", "libpod/db.sql"}) {
        write(storage + database,
              sample(database.ends_with("db.sql") ? "db.sql" : "bolt_state.db"));
        EXPECT_EQ(by_id(kInfra), in(infra, "shop")) << database;
        EXPECT_EQ(by_id(kFront), in(front, "shop")) << database;
        EXPECT_EQ(by_id(kWeb), container("web", kWeb, "podman")) << database;
        write(storage + database, "not that");
        EXPECT_EQ(by_id(kFront), in(front, "aad1f233407e")) << database;
    }
}

TEST_F(RuntimeFilesTest, PodmanRemovedAtTheEnd) {
    write(kStorage + "volatile-containers.json", R"([{"id":")" + kA + R"(","names":["brief"]}])");
    EXPECT_EQ(by_id(kA, "podman"), container("brief", kA, "podman"));
    write("/run/containers/storage/overlay-containers/volatile-containers.json",
          R"([{"id":")" + kB + R"(","names":["transient"]}])");
    EXPECT_EQ(by_id(kB), container("transient", kB, "podman"));
}

TEST_F(RuntimeFilesTest, PodmanElsewhere) {
    write("/data/one/overlay-containers/containers.json", sample("containers.json"));
    write("/data/one/libpod/bolt_state.db", sample("bolt_state.db"));
    EXPECT_EQ(by_id(kFront, "podman"), std::nullopt);
    write("/run/runc/" + kFront + "/state.json",
          R"({"config":{"labels":["bundle=/data/one/overlay-containers/)" + kFront +
              R"(/userdata"]}})");
    EXPECT_EQ(by_id(kFront, "podman")->name, "front");
    EXPECT_EQ(by_id(kFront)->pod, "shop");
    write("/run/crun/" + kInfra + "/status",
          R"({"bundle":"/data/one/overlay-containers/)" + kInfra + R"(/userdata"})");
    EXPECT_EQ(by_id(kInfra)->pod, "shop");
    for (const std::string& bundle : {"/" + kA + "/userdata", kA + "/userdata",
                                      "//" + kA + "/userdata", std::string("/x"), std::string()}) {
        write("/run/crun/" + kA + "/status", R"({"bundle":")" + bundle + R"("})");
        EXPECT_EQ(by_id(kA, "podman"), std::nullopt) << bundle;
        EXPECT_EQ(by_id(kA), container("aaaaaaaaaaaa", kA, "crun")) << bundle;
    }
}

TEST_F(RuntimeFilesTest, FilesOfAUser) {
    const uid_t user = make_user("/home/u");
    const std::string storage = "/home/u/.local/share/containers/storage/";
    write_as(user, storage + "overlay-containers/containers.json", sample("containers.json"));
    write_as(user, storage + "db.sql", sample("db.sql"));
    write_as(user, "/home/u/.local/share/docker/containers/" + kA + "/config.v2.json",
             R"({"ID":")" + kA + R"(","Name":"/mine"})");
    RuntimeFiles files(root());
    EXPECT_EQ(files.by_id(kFront, "podman"), std::nullopt);
    EXPECT_EQ(files.by_id(kA, "docker"), std::nullopt);
    EXPECT_EQ(files.by_id(kA, ""), std::nullopt);
    EXPECT_EQ(files.by_id_of_user(kFront, "podman", user + 1), std::nullopt);
    EXPECT_EQ(files.by_id_of_user(kFront, "podman", user)->name, "front");
    EXPECT_EQ(files.by_id_of_user(kFront, "", user)->pod, "shop");
    EXPECT_EQ(files.by_id_of_user(kA, "docker", user)->name, "mine");
    EXPECT_EQ(files.by_id_of_user(kA, "", user)->runtime, "docker");
    // What is in somebody's home but is not theirs says nothing: a link to another's files.
    write("/etc/passwd", "u:x:" + std::to_string(user + 1) + ":1::/home/u:/bin/sh\n");
    EXPECT_EQ(RuntimeFiles(root()).by_id_of_user(kFront, "podman", user + 1), std::nullopt);
}

TEST_F(RuntimeFilesTest, FilesOfProcAreNotRead) {
    // Reading some of them asks a process, which need not answer. This one has text that counts.
    const uid_t user = ::geteuid();
    write("/etc/passwd", "u:x:" + std::to_string(user) + ":1::/home/u:\n");
    const std::string status = "/run/user/" + std::to_string(user) + "/crun/" + kA + "/status";
    char name[16];
    ASSERT_EQ(::prctl(PR_GET_NAME, name), 0);
    ASSERT_EQ(::prctl(PR_SET_NAME, "{}"), 0);
    write(status, "{}");
    EXPECT_NE(RuntimeFiles(root()).by_id_of_user(kA, "", user), std::nullopt);
    std::filesystem::remove(root() + status);
    std::filesystem::create_symlink("/proc/self/comm", root() + status);
    EXPECT_EQ(RuntimeFiles(root()).by_id_of_user(kA, "", user), std::nullopt);
    ::prctl(PR_SET_NAME, name);
}

TEST_F(RuntimeFilesTest, UsersFilesAreReadInTurn) {
    const uid_t user = make_user("/home/u");
    std::vector<std::string> ids;
    for (int each = 10; each < 30; ++each) {
        ids.push_back(std::to_string(each) + std::string(62, '0'));
        write_as(user, "/home/u/.local/share/docker/containers/" + ids.back() + "/config.v2.json",
                 R"({"Name":"/x","pad":")" + std::string(4'000'000, ' ') + R"("})");
    }
    RuntimeFiles files(root());
    const auto count = [&] {
        files.forget_unread();
        return std::count_if(ids.begin(), ids.end(), [&](const std::string& id) {
            return files.by_id_of_user(id, "docker", user).has_value();
        });
    };
    // 32 MiB at a time; what has been read stays. Files that have just been written are read twice.
    EXPECT_EQ(count(), 8);
    int looks = 1;
    while (count() < 20 && looks < 10) {
        ++looks;
    }
    EXPECT_EQ(count(), 20);
}

TEST_F(RuntimeFilesTest, StateOfAUser) {
    const uid_t user = make_user("/home/u");
    const std::string run = "/run/user/" + std::to_string(user);
    const std::string path = "/user.slice/x";
    write_as(user, run + "/runc/one/state.json",
             R"({"id":"one","cgroup_paths":{"":"/sys/fs/cgroup)" + path + R"("}})");
    write_as(user, run + "/crun/two/status", R"({"cgroup-path":")" + path + R"("})");
    write("/run/user/" + std::to_string(user + 1) + "/crun/three/status", "{}");
    write("/run/user/x/crun/three/status", "{}");
    auto all = RuntimeFiles(root()).with_cgroup();
    ASSERT_EQ(all.size(), 2U);
    std::sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
        return one.container.name < other.container.name;
    });
    EXPECT_EQ(all[0].container, container("one", "one", "runc"));
    EXPECT_EQ(all[0].user, user);
    EXPECT_EQ(all[1].container, container("two", "two", "crun"));
    EXPECT_EQ(all[1].user, user);
}

TEST_F(RuntimeFilesTest, DockerElsewhere) {
    write("/data/docker/containers/" + kA + "/config.v2.json", R"({"Name":"/web"})");
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    write("/etc/docker/daemon.json", R"({"data-root":"/data/docker"})");
    EXPECT_EQ(by_id(kA, "docker"), container("web", kA, "docker"));
    for (const std::string& text :
         std::vector<std::string>{R"({"data-root":7})", R"({"data-root":"data/docker"})", "{"}) {
        write("/etc/docker/daemon.json", text);
        EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    }
}

TEST_F(RuntimeFilesTest, AnIdThatIsNotTheDirectorys) {
    write("/var/lib/docker/containers/" + kA + "/config.v2.json",
          R"({"ID":")" + kB + R"(","Name":"/copied"})");
    EXPECT_EQ(by_id(kA, "docker"), std::nullopt);
    write("/run/runc/" + kA + "/state.json", R"({"id":")" + kB + R"("})");
    EXPECT_EQ(by_id(kA), std::nullopt);
    EXPECT_TRUE(RuntimeFiles(root()).with_cgroup().empty());
    write("/run/runc/" + kA + "/state.json", R"({"id":["odd"]})");
    EXPECT_EQ(by_id(kA), container("aaaaaaaaaaaa", kA, "runc"));
}

TEST_F(RuntimeFilesTest, LongNames) {
    const std::string file = "/var/lib/docker/containers/" + kA + "/config.v2.json";
    const std::string longest(4096, 'n');
    write(file, R"({"Name":"/)" + longest + R"("})");
    EXPECT_EQ(by_id(kA, "docker")->name, longest);
    write(file, R"({"Name":"/)" + longest + R"(n","Config":{"Labels":{"io.kubernetes.pod.name":")" +
                    longest + R"(n","io.kubernetes.pod.namespace":"x"}}})");
    EXPECT_EQ(by_id(kA, "docker")->name, "aaaaaaaaaaaa");
    EXPECT_EQ(by_id(kA, "docker")->pod, std::nullopt);
    EXPECT_EQ(by_id(kA, "docker")->pod_namespace, "x");
}

TEST_F(RuntimeFilesTest, Homes) {
    const auto homes = parse_homes(
        "root:x:0:0:root:/root:/bin/sh\n\n# x\nu:x:1000:1000:U,,,:/home/u\nodd:x:-1:0::/odd:\n"
        "big:x:4294967296:0::/big:\nrelative:x:7:7::home:\nshort:x:8\nu2:x:1000:1::/second:\n"
        "text:x:9a:9::/text:\nnul:x:10:1::/a\n");
    const std::map<std::uint32_t, std::string> expected = {
        {0, "/root"}, {1000, "/home/u"}, {10, "/a"}};
    EXPECT_EQ(homes, expected);
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
    write("/run/runc/" + kA + "/state.json", R"({"id":")" + kA + R"("})");
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
