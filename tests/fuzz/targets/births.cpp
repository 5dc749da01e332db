// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Births, deaths and processes as nobody would tell them: rings, parents that are their own
// children, ids that come again, in any order. Each four bytes are one event.
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "container/cgroup_tree.h"
#include "container/containers.h"
#include "fuzz.h"

using namespace tally;

namespace {

/// An empty hierarchy, and no runtime's files; one for the whole run.
const std::string& empty_directory() {
    static const std::string directory = [] {
        std::string name = "/tmp/tally_fuzz_XXXXXX";
        MUST(::mkdtemp(name.data()) != nullptr);
        std::atexit([] { ::rmdir(empty_directory().c_str()); });
        return name;
    }();
    return directory;
}

CgroupId root_id() {
    struct stat status {};
    MUST(::stat(empty_directory().c_str(), &status) == 0);
    return status.st_ino;
}

// Few ids, so that they meet; the first is the root.
CgroupId id_of(unsigned char byte) {
    const CgroupId number = byte % 24;
    return number == 1 ? root_id() : number;
}

std::string name_of(unsigned char byte) {
    static const std::string kId(64, 'a');
    static const std::array<std::string, 12> kNames = {
        "",    "web",           ".",         "..",     "a/b", "docker", kId, "libpod-" + kId,
        "lxc", "lxc.payload.x", "x.service", "x.slice"};
    return kNames[byte % kNames.size()];
}

}  // namespace

FUZZ_TARGET(births) {
    Containers containers({empty_directory(), empty_directory() + "/nothing"});
    CgroupTree tree(empty_directory(), 6);
    containers.walk();
    tree.walk();
    std::vector<ProcessFacts> processes;
    for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
        const CgroupId id = id_of(byte(1));
        switch (byte(0) % 8) {
            case 0:
            case 1:
            case 2:
            case 3:
                containers.add({id, id_of(byte(2)), name_of(byte(3))});
                tree.add(id, id_of(byte(2)), name_of(byte(3)));
                break;
            case 4:
                containers.bury(id);
                tree.bury(id);
                break;
            case 5: {
                ProcessFacts process;
                process.cgroup = id;
                process.pid = byte(2);
                process.pid_namespace = byte(3) % 4;
                if (byte(3) % 3 != 0) {
                    process.node_name = name_of(byte(3));
                }
                processes.push_back(std::move(process));
                break;
            }
            case 6:
                containers.observe(processes);
                processes.clear();
                break;
            case 7:
                containers.walk();
                tree.walk();
                break;
        }
        // A path begins at the root and has no part that is no directory's name.
        for (CgroupId each = 0; each < 24; ++each) {
            const auto path = tree.path_of(each);
            MUST(!path || path->starts_with('/'));
            MUST(path.has_value() == !tree.ancestry(each).empty());
            MUST(!tree.is_alive(each) || tree.knows(each));
        }
        MUST(tree.is_alive(tree.root()));
        MUST(tree.size() <= 2 * 24 + 2);
    }
    std::vector<CgroupId> all(24);
    std::iota(all.begin(), all.end(), CgroupId{0});
    containers.find_missing(all);
    for (CgroupId each = 0; each < 24; ++each) {
        const Owner owner = containers.owner_of(each);
        MUST(!owner.container || !owner.container->runtime.empty());
        containers.unit_of(each);
        // No cgroup is below itself: its subtree has each once.
        const auto below = containers.subtree(each);
        MUST(below.size() <= 25);
    }
    for (const Containers::Listed& listed : containers.list()) {
        MUST(listed.owner.container.has_value());
    }
}
