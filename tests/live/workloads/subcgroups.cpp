// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// subcgroups N
// N times: makes a new sub-cgroup, enters it, sleeps there once, leaves and removes it. Runs in a
// container, whose cgroup is then the root of /sys/fs/cgroup. Says "done" at the end.
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "workload.h"

namespace {

void enter(const std::string& cgroup) {
    int fd = ::open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) {
        workload::fail("cgroup.procs");
    }
    ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
    long times = workload::number(argc, argv, 1);
    const std::string root = "/sys/fs/cgroup";
    workload::wait_for_go();
    for (long i = 0; i < times; ++i) {
        std::string cgroup = root + "/sub" + std::to_string(i);
        if (::mkdir(cgroup.c_str(), 0755) != 0) {
            workload::fail("mkdir");
        }
        enter(cgroup);
        workload::nap();
        enter(root);
        if (::rmdir(cgroup.c_str()) != 0) {
            workload::fail("rmdir");
        }
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
